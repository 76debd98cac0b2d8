import { type GraphQLSchema, getNamedType, isLeafType, isObjectType } from 'graphql';
import type { FieldPath, PathStep } from '../../support/field-paths.ts';
import { hasField, on, type Place, SPELLINGS, type Spelling, scalarFields } from './spellings.ts';

/** A request that selects the target of one path in one spelling. */
export interface DocumentRequest {
  readonly query: string;
  readonly operationName?: string | undefined;
  readonly variables?: Readonly<Record<string, unknown>> | undefined;
  readonly method?: 'GET' | undefined;
  /** The paths of the target's values in the response: keys, without positions in lists. */
  readonly responsePaths: readonly (readonly string[])[];
}

/**
 * The requests of a path by spelling, without spellings that do not apply to the schema.
 * @param args - the root field's, as in GraphQL: `(id: "1")`, or ''
 * @param guarded - the fields that have a rule, as "Type.field"
 */
export function documentsFor(
  schema: GraphQLSchema,
  path: FieldPath,
  args: string,
  guarded: ReadonlySet<string>,
): Map<string, DocumentRequest> {
  const entries = Object.entries(SPELLINGS).flatMap(([name, spelling]) => {
    const request = toRequest(schema, path, args, guarded, spelling);
    return request ? [[name, request] as const] : [];
  });
  return new Map(entries);
}

function toRequest(
  schema: GraphQLSchema,
  { operation, steps }: FieldPath,
  args: string,
  guarded: ReadonlySet<string>,
  spelling: Spelling,
): DocumentRequest | undefined {
  const { key = ({ field }) => field, wrap, targetKeys = [''] } = spelling;
  const fragments: string[] = [];
  const define: Place['define'] = (type, selection) => {
    const name = `F${fragments.length}`;
    fragments.push(`fragment ${name} on ${type} { ${selection} }`);
    return name;
  };
  const keys = steps.map(key);
  const parentKeys = keys.slice(0, -1);
  const lastKeys = targetKeys.map((name) => name || (keys.at(-1) ?? ''));
  let applies = wrap === undefined;

  const selection = steps.reduceRight(
    (inner, step, depth) => {
      const isLast = depth === steps.length - 1;
      const text = (isLast ? lastKeys : [keys[depth] ?? ''])
        .map((name) => (name === step.field ? name : `${name}: ${step.field}`))
        .map((name) => `${name}${depth === 0 ? args : ''} ${spelling.directives ?? ''} ${inner}`)
        .join(' ');
      const plain = hasField(schema, step, step.field) ? text : on(step.on, text);
      const wrapped = wrap?.(plain, { schema, step, isLast, guarded, define });
      applies ||= wrapped !== undefined;
      return `{ ${wrapped ?? plain} }`;
    },
    scalarSelection(schema, steps.at(-1)),
  );
  if (!applies) return undefined;

  const { before = '', variableDefinitions = '', variables, method } = spelling;
  const document = `${before} ${operation} Wanted${variableDefinitions} ${selection} ${fragments.join(' ')}`;
  return {
    query: document.replaceAll(/ +/g, ' ').trim(),
    operationName: before ? 'Wanted' : undefined,
    variables,
    method,
    responsePaths: lastKeys.map((last) => [...parentKeys, last]),
  };
}

/** All scalars of the object that a field returns, so that every leaked value shows. */
function scalarSelection(schema: GraphQLSchema, step: PathStep | undefined): string {
  const type = step && schema.getType(step.on);
  const field = isObjectType(type) && step ? type.getFields()[step.field] : undefined;
  const returned = field && getNamedType(field.type);
  if (!returned || isLeafType(returned)) return '';
  return `{ ${['__typename', ...scalarFields(schema, returned.name)].join(' ')} }`;
}
