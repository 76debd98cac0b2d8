import {
  type DocumentNode,
  type FragmentDefinitionNode,
  type GraphQLCompositeType,
  type GraphQLField,
  type GraphQLObjectType,
  type GraphQLSchema,
  getNamedType,
  type InlineFragmentNode,
  isCompositeType,
  isObjectType,
  isUnionType,
  Kind,
  type OperationDefinitionNode,
  type SelectionSetNode,
} from 'graphql';
import { fragmentsByName } from '../graphql-ast.ts';
import type { Reads } from '../viewer.ts';
import { createHintReader, type Hint, minDefined } from './hints.ts';

/** The viewers who may receive the same bytes: everyone, all with the same permissions, or one. */
export type CacheScope = 'public' | 'role' | 'user';

/** The caching rules of an operation, known before it executes. */
export interface CachePolicy {
  /** In seconds; 0 if responses must not be stored. */
  readonly maxAge: number;
  readonly scope: CacheScope;
  /** The tags of every response: the root fields, as `Query.field`. */
  readonly tags: readonly string[];
}

/** The part of the viewer that a field's rule reads. */
export type ReadsOf = (type: string, field: string) => Reads;

const UNCACHEABLE: CachePolicy = { maxAge: 0, scope: 'user', tags: [] };
const SCOPE: Readonly<Record<Reads, CacheScope>> = {
  nothing: 'public',
  permissions: 'role',
  viewer: 'user',
};
const READS_BY_STRICTNESS: readonly Reads[] = ['nothing', 'permissions', 'viewer'];

/**
 * Computes the policy of an operation, once for all of its responses: the strictest of all fields
 * that it names, regardless of what `@skip`, `@include` and nulls leave out. Responses are shared only
 * if every root field is `scope: PUBLIC`, no field below is `PRIVATE`, and no rule on the path reads
 * the viewer.
 *
 * @throws Error for a PUBLIC field whose own rule reads the viewer
 */
export function createPolicyReader(schema: GraphQLSchema, readsOf: ReadsOf) {
  const hintOf = createHintReader(schema);
  assertPoliciesMatchRules(schema, hintOf, readsOf);

  return (document: DocumentNode, operation: OperationDefinitionNode): CachePolicy => {
    const root = schema.getQueryType();
    if (operation.operation !== 'query' || !root) return UNCACHEABLE;
    const uses = [...collectUses(schema, document, root, operation.selectionSet)];
    const hints = uses.map(({ field, isRoot }) =>
      field ? hintOf(field, isRoot) : UNCACHEABLE_HINT,
    );
    const reads = uses.map(({ type, field }) =>
      field ? readsOf(type.name, field.name) : 'nothing',
    );
    const isShareable =
      uses.length > 0 && uses.every(({ isRoot }, n) => !isRoot || hints[n]?.scope === 'PUBLIC');
    const isPrivate = !isShareable || hints.some(({ scope }) => scope === 'PRIVATE');
    const strictest = READS_BY_STRICTNESS.findLast((level) => reads.includes(level)) ?? 'nothing';
    return {
      maxAge: minDefined(hints.map(({ maxAge }) => maxAge)) ?? 0,
      scope: isPrivate ? 'user' : SCOPE[strictest],
      tags: uses.flatMap(({ type, field, isRoot }) =>
        isRoot && field ? [`${type.name}.${field.name}`] : [],
      ),
    };
  };
}

export type PolicyReader = ReturnType<typeof createPolicyReader>;

/** The hint of introspection fields, which have no resolver here. */
const UNCACHEABLE_HINT: Hint = { maxAge: 0, scope: undefined };

interface FieldUse {
  readonly type: GraphQLObjectType;
  /** Undefined for introspection. */
  readonly field: GraphQLField<unknown, unknown> | undefined;
  readonly isRoot: boolean;
}

/** Every field that the operation may select, on every object type that it may be selected on. */
function* collectUses(
  schema: GraphQLSchema,
  document: DocumentNode,
  root: GraphQLObjectType,
  selections: SelectionSetNode,
): Generator<FieldUse> {
  // A fragment is removed when it is first spread: its fields do not depend on the place.
  const fragments = fragmentsByName(document);

  function* visit(set: SelectionSetNode, parent: GraphQLCompositeType): Generator<FieldUse> {
    for (const selection of set.selections) {
      if (selection.kind === Kind.FIELD) {
        const name = selection.name.value;
        if (name === '__typename') continue;
        for (const type of isObjectType(parent) ? [parent] : schema.getPossibleTypes(parent)) {
          yield { type, field: type.getFields()[name], isRoot: type === root };
        }
        const declared = isUnionType(parent) ? undefined : parent.getFields()[name];
        const returned = declared && getNamedType(declared.type);
        if (selection.selectionSet && isCompositeType(returned)) {
          yield* visit(selection.selectionSet, returned);
        }
      } else if (selection.kind === Kind.INLINE_FRAGMENT) {
        yield* visitFragment(selection, parent);
      } else {
        const fragment = fragments.get(selection.name.value);
        fragments.delete(selection.name.value);
        if (fragment) yield* visitFragment(fragment, parent);
      }
    }
  }

  function* visitFragment(
    { typeCondition, selectionSet }: FragmentDefinitionNode | InlineFragmentNode,
    parent: GraphQLCompositeType,
  ): Generator<FieldUse> {
    const type = typeCondition && schema.getType(typeCondition.name.value);
    yield* visit(selectionSet, isCompositeType(type) ? type : parent);
  }
  yield* visit(selections, root);
}

function assertPoliciesMatchRules(
  schema: GraphQLSchema,
  hintOf: ReturnType<typeof createHintReader>,
  readsOf: ReadsOf,
): void {
  const root = schema.getQueryType();
  for (const field of Object.values(root?.getFields() ?? {})) {
    if (hintOf(field, true).scope !== 'PUBLIC' || readsOf('Query', field.name) !== 'viewer')
      continue;
    throw new Error(`Query.${field.name} is PUBLIC, but its rule reads the viewer`);
  }
}
