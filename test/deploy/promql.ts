import { parser } from '@prometheus-io/lezer-promql';

type SyntaxNode = ReturnType<typeof parser.parse>['topNode'];

/** A selector of series, such as `up{job="frontdesk"}`. */
export interface Selector {
  readonly metric: string;
  readonly labels: readonly string[];
}

/** Labels that the results of each operand must have, as in `sum by (bff) (…)` and `… / on (bff) …`. */
export interface Grouping {
  readonly labels: readonly string[];
  readonly operands: readonly string[];
}

const COMPARISONS = new Set(['Eql', 'Neq', 'Gtr', 'Gte', 'Lss', 'Lte']);

/** Finds all nodes with a name. */
function nodesOf(expression: string, name: string): SyntaxNode[] {
  const nodes: SyntaxNode[] = [];
  parser.parse(expression).iterate({
    enter({ node, type }) {
      if (type.isError) throw new Error(`not PromQL: ${expression}`);
      if (node.name === name) nodes.push(node);
    },
  });
  return nodes;
}

/** The children of a node that are expressions or clauses, in their order. */
function childrenOf({ firstChild }: SyntaxNode): SyntaxNode[] {
  const children: SyntaxNode[] = [];
  for (let child = firstChild; child; child = child.nextSibling) children.push(child);
  return children;
}

/** @throws Error if the expression cannot be parsed */
export function selectorsOf(expression: string): Selector[] {
  const textOf = ({ from, to }: SyntaxNode) => expression.slice(from, to);
  return nodesOf(expression, 'VectorSelector').map((node) => {
    const name = node.getChild('Identifier');
    if (!name) throw new Error(`a selector without a metric: ${expression}`);
    const matchers = node.getChild('LabelMatchers')?.getChildren('UnquotedLabelMatcher') ?? [];
    const labels = matchers.flatMap((matcher) => matcher.getChildren('LabelName').map(textOf));
    return { metric: textOf(name), labels };
  });
}

export function groupingsOf(expression: string): Grouping[] {
  const textOf = ({ from, to }: SyntaxNode) => expression.slice(from, to);
  const labelsOf = (clause: SyntaxNode | null) =>
    clause?.getChild('GroupingLabels')?.getChildren('LabelName').map(textOf) ?? [];
  const aggregates = nodesOf(expression, 'AggregateExpr').map((node) => ({
    labels: labelsOf(node.getChild('AggregateModifier')),
    operands: childrenOf(node.getChild('FunctionCallBody') as SyntaxNode)
      .slice(-1)
      .map(textOf),
  }));
  const matches = nodesOf(expression, 'BinaryExpr').map((node) => ({
    labels: labelsOf(node.getChild('MatchingModifierClause')),
    operands: [node.firstChild, node.lastChild].flatMap((side) => (side ? textOf(side) : [])),
  }));
  return [...aggregates, ...matches].filter(({ labels }) => labels.length > 0);
}

/**
 * Lets comparisons return 0 or 1 instead of dropping what does not fulfil them, so that an alert that
 * does not fire still has a result.
 */
export function withoutFilters(expression: string): string {
  const ends = nodesOf(expression, 'BinaryExpr')
    .filter((node) => !node.getChild('BoolModifier'))
    .flatMap((node) => childrenOf(node).filter(({ name }) => COMPARISONS.has(name)))
    .map(({ to }) => to)
    .sort((a, b) => b - a);
  return ends.reduce((text, end) => `${text.slice(0, end)} bool ${text.slice(end)}`, expression);
}
