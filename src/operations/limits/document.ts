import {
  type DocumentNode,
  type FieldNode,
  Kind,
  type SelectionNode,
  type SelectionSetNode,
  visit,
} from 'graphql';
import { BffError } from '../../errors.ts';
import { fragmentsByName } from '../../graphql-ast.ts';
import type { IntrospectionLimits, OperationLimits } from './operation-limits.ts';

/** The size of a selection with its fragments expanded, compared with each limit. */
type SelectionSize = Readonly<Record<SizeName, number>>;
type SizeName = keyof IntrospectionLimits | 'depth' | 'fields' | 'aliases';

type LimitName = keyof OperationLimits | keyof IntrospectionLimits;

const EMPTY: SelectionSize = {
  depth: 0,
  fields: 0,
  aliases: 0,
  introspectionDepth: 0,
  introspectionFields: 0,
  introspectionAliases: 0,
};
/** The subject of each limit's error message. */
const NAMES: Readonly<Record<LimitName, string>> = {
  characters: 'The number of characters',
  tokens: 'The number of tokens',
  depth: 'The depth of nested fields',
  fields: 'The number of fields, with fragments expanded,',
  aliases: 'The number of aliases, with fragments expanded,',
  introspectionDepth: 'The depth of nested introspection fields',
  introspectionFields: 'The number of introspection fields, with fragments expanded,',
  introspectionAliases: 'The number of introspection aliases, with fragments expanded,',
  directives: 'The number of directives',
  fragments: 'The number of fragments',
  listSize: 'The size of a list',
  cost: 'The cost',
};

/** @throws BffError QUERY_TOO_COMPLEX, with the limit's name, the limit and the actual value */
export function enforceLimit<Name extends LimitName>(
  limits: Readonly<Record<Name, number>>,
  name: Name,
  actual: number,
): void {
  const limit = limits[name];
  if (actual <= limit) return;
  throw new BffError('QUERY_TOO_COMPLEX', `${NAMES[name]} is ${actual}: at most ${limit}.`, {
    details: { exceeded: name, limit, actual },
  });
}

/**
 * Rejects documents that are too expensive to validate: validation takes time quadratic in fields and
 * exponential in nested fragments. Each fragment is measured at most twice (in data and in
 * introspection), so this check is linear in the document. It needs no schema and no valid document.
 *
 * @param introspection - the limits of the selections below `__schema` and `__type` and of their
 *   aliases; without them introspection counts like other fields
 * @throws BffError QUERY_TOO_COMPLEX
 */
export function enforceDocumentLimits(
  document: DocumentNode,
  limits: OperationLimits,
  introspection?: IntrospectionLimits,
): void {
  const count = { directives: 0, fragments: 0 };
  const countFragment = () => {
    count.fragments++;
  };
  visit(document, {
    ListValue: ({ values }) => enforceLimit(limits, 'listSize', values.length),
    Directive: () => {
      count.directives++;
    },
    FragmentDefinition: countFragment,
    FragmentSpread: countFragment,
  });
  enforceLimit(limits, 'directives', count.directives);
  enforceLimit(limits, 'fragments', count.fragments);
  limitSelections(document, limits, introspection);
}

function limitSelections(
  document: DocumentNode,
  limits: OperationLimits,
  introspection: IntrospectionLimits | undefined,
): void {
  const meter = createSelectionMeter(document, introspection !== undefined);
  const limit = (size: SelectionSize) => {
    enforceLimit(limits, 'depth', size.depth);
    enforceLimit(limits, 'fields', size.fields);
    enforceLimit(limits, 'aliases', size.aliases);
    if (!introspection) return;
    enforceLimit(introspection, 'introspectionDepth', size.introspectionDepth);
    enforceLimit(introspection, 'introspectionFields', size.introspectionFields);
    enforceLimit(introspection, 'introspectionAliases', size.introspectionAliases);
  };
  for (const definition of document.definitions) {
    if (definition.kind === Kind.OPERATION_DEFINITION) limit(meter.sizeOf(definition.selectionSet));
  }
  // Validation also reads fragments that no operation spreads, and all fragments with one name.
  for (const definition of document.definitions) {
    if (definition.kind !== Kind.FRAGMENT_DEFINITION) continue;
    const { name, selectionSet } = definition;
    limit(meter.sizeOf(selectionSet, meter.isForIntrospection(name.value)));
  }
}

/**
 * Rejects too long lists in the values of variables.
 * @param value - coerced, so that the schema bounds its depth
 * @throws BffError QUERY_TOO_COMPLEX
 */
export function enforceVariableLimits(value: unknown, limits: OperationLimits): void {
  if (typeof value !== 'object' || value === null) return;
  if (Array.isArray(value)) enforceLimit(limits, 'listSize', value.length);
  for (const part of Object.values(value)) enforceVariableLimits(part, limits);
}

/** @param isSeparate - true to measure introspection separately from data */
function createSelectionMeter(document: DocumentNode, isSeparate: boolean) {
  const fragments = fragmentsByName(document);
  const inData = new Map<string, SelectionSize>();
  const inIntrospection = new Map<string, SelectionSize>();

  /** @param isIntrospection - true for a selection below `__schema` or `__type` */
  function sizeOf({ selections }: SelectionSetNode, isIntrospection = false): SelectionSize {
    return selections
      .map((selection) => sizeOfSelection(selection, isIntrospection))
      .reduce(combine, EMPTY);
  }

  function sizeOfSelection(selection: SelectionNode, isIntrospection: boolean): SelectionSize {
    if (selection.kind === Kind.FIELD) return sizeOfField(selection, isIntrospection);
    if (selection.kind === Kind.INLINE_FRAGMENT) {
      return sizeOf(selection.selectionSet, isIntrospection);
    }
    return sizeOfFragment(selection.name.value, isIntrospection);
  }

  function sizeOfField(
    { alias, name, selectionSet }: FieldNode,
    isIntrospection: boolean,
  ): SelectionSize {
    const isMeta = name.value.startsWith('__');
    const isBelowIntrospection = isIntrospection || (isSeparate && isMeta);
    const below = selectionSet ? sizeOf(selectionSet, isBelowIntrospection) : EMPTY;
    const isAliased = alias !== undefined;
    if (isIntrospection) {
      return {
        ...below,
        introspectionDepth: below.introspectionDepth + 1,
        introspectionFields: below.introspectionFields + 1,
        introspectionAliases: below.introspectionAliases + Number(isAliased),
      };
    }
    const counted =
      isBelowIntrospection && name.value !== '__typename' ? 'introspectionAliases' : 'aliases';
    const size = { ...below, [counted]: below[counted] + Number(isAliased) };
    // Validation itself limits the nesting of introspection lists.
    return { ...size, depth: isMeta ? 1 : below.depth + 1, fields: below.fields + 1 };
  }

  function sizeOfFragment(name: string, isIntrospection: boolean): SelectionSize {
    const known = isIntrospection ? inIntrospection : inData;
    const size = known.get(name);
    if (size) return size;
    // A fragment that spreads itself counts once here; validation rejects it.
    known.set(name, EMPTY);
    const fragment = fragments.get(name);
    const measured = fragment ? sizeOf(fragment.selectionSet, isIntrospection) : EMPTY;
    known.set(name, measured);
    return measured;
  }

  /** True if the selections measured so far spread it only below `__schema` or `__type`. */
  const isForIntrospection = (name: string) => inIntrospection.has(name) && !inData.has(name);

  return { sizeOf, isForIntrospection };
}

const combine = (a: SelectionSize, b: SelectionSize): SelectionSize => ({
  depth: Math.max(a.depth, b.depth),
  fields: a.fields + b.fields,
  aliases: a.aliases + b.aliases,
  introspectionDepth: Math.max(a.introspectionDepth, b.introspectionDepth),
  introspectionFields: a.introspectionFields + b.introspectionFields,
  introspectionAliases: a.introspectionAliases + b.introspectionAliases,
});
