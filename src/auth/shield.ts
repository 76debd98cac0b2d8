import { type GraphQLSchema, getNamedType, isCompositeType, isObjectType } from 'graphql';
import type { Reads } from '../context.ts';
import { BffError } from '../errors.ts';
import {
  anyone,
  inherited,
  nobody,
  type PermissionTree,
  readsOf,
  type ShieldRule,
} from './rules.ts';
import { applyMiddleware, shield } from './shield-library.ts';

type FieldMiddleware = Record<string, Record<string, unknown>>;

/**
 * The schema with the rules of all trees in front of their fields. Denied by default: a root field,
 * or a field that returns an object, is refused to everyone unless a tree names it. Scalar fields
 * are as open as their parent, unless named.
 *
 * Shield alone would wrap every field, rule or not, which triples the time of an execution, so only
 * what a rule guards is taken from it.
 *
 * @throws Error if two trees name one field, or one names a field that the schema does not have
 */
export function guardSchema(
  schema: GraphQLSchema,
  trees: readonly PermissionTree[],
): GraphQLSchema {
  const tree = mergeTrees(trees);
  refuseRulesThatGuardNothing(schema, tree);
  const rules = ruleOfEachField(schema, tree);
  const generated = shield(tree, {
    allowExternalErrors: true,
    fallbackRule: nobody,
    fallbackError: new BffError('FORBIDDEN', 'You may not see or do this.'),
  }).generate(schema) as FieldMiddleware;

  const guarded: FieldMiddleware = {};
  for (const [type, field, rule] of rules) {
    if (rule === anyone || rule === inherited) continue;
    guarded[type] ??= {};
    guarded[type][field] = generated[type]?.[field];
  }
  return applyMiddleware(schema, guarded as never);
}

/**
 * What the rule of each field looks at; a field without a rule lets its parent's decide.
 * @throws Error for a rule that does not say what it looks at
 */
export function createReadsOf(
  schema: GraphQLSchema,
  trees: readonly PermissionTree[],
): (type: string, field: string) => Reads {
  const known = new Map(
    ruleOfEachField(schema, mergeTrees(trees)).map(([type, field, rule]) => {
      const reads = readsOf(rule);
      if (!reads)
        throw new Error(`Permissions of ${type}.${field}: the rule must say what it reads`);
      return [`${type}.${field}`, reads];
    }),
  );
  return (type, field) => known.get(`${type}.${field}`) ?? 'nothing';
}

/** Shield itself passes over rules on interfaces and inputs without a word, and so would we. */
function refuseRulesThatGuardNothing(schema: GraphQLSchema, tree: PermissionTree): void {
  for (const [name, fields] of Object.entries(tree)) {
    const type = schema.getType(name);
    if (!isObjectType(type))
      throw new Error(`Permissions of ${name}: there is no such object type`);
    const unknown = Object.keys(fields).find((field) => !Object.hasOwn(type.getFields(), field));
    if (unknown) throw new Error(`Permissions of ${name}.${unknown}: there is no such field`);
  }
}

/** Every field that needs a rule, with the one it has. */
export function ruleOfEachField(
  schema: GraphQLSchema,
  tree: PermissionTree,
): [type: string, field: string, rule: ShieldRule][] {
  const roots = new Set([
    schema.getQueryType(),
    schema.getMutationType(),
    schema.getSubscriptionType(),
  ]);
  return Object.values(schema.getTypeMap())
    .filter(isObjectType)
    .filter((type) => !type.name.startsWith('__'))
    .flatMap((type) =>
      Object.values(type.getFields()).flatMap((field) => {
        const named = tree[type.name]?.[field.name];
        if (roots.has(type) && named === inherited) {
          throw new Error(`Permissions of ${type.name}.${field.name}: a root inherits from nobody`);
        }
        const needsRule = roots.has(type) || isCompositeType(getNamedType(field.type));
        if (!named && !needsRule) return [];
        return [[type.name, field.name, named ?? nobody] as [string, string, ShieldRule]];
      }),
    );
}

export function mergeTrees(trees: readonly PermissionTree[]): PermissionTree {
  const merged: Record<string, Record<string, ShieldRule>> = {};
  for (const [type, fields] of trees.flatMap((tree) => Object.entries(tree))) {
    // A rule for a whole type would go unnoticed here, and its fields unguarded.
    if (typeof fields !== 'object' || fields.constructor !== Object || '*' in fields) {
      throw new Error(`Permissions of ${type}: name each field with a rule of its own`);
    }
    merged[type] ??= {};
    for (const [field, rule] of Object.entries(fields)) {
      if (typeof rule === 'function') {
        throw new Error(
          `Permissions of ${type}.${field}: call the atom, as in staff('orders:read')`,
        );
      }
      if (merged[type][field]) throw new Error(`Permissions of ${type}.${field} are given twice`);
      merged[type][field] = rule;
    }
  }
  return merged;
}
