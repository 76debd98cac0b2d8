import {
  type GraphQLFieldResolver,
  type GraphQLSchema,
  getNamedType,
  isCompositeType,
  isObjectType,
  responsePathAsArray,
} from 'graphql';
import type { RequestContext } from '../context.ts';
import { BffError } from '../errors.ts';
import type { Refusal } from '../telemetry/refusal.ts';
import type { Reads } from '../viewer.ts';
import {
  anyone,
  audienceOf,
  inherited,
  nobody,
  type PermissionTree,
  readsOf,
  type ShieldRule,
} from './rules.ts';
import { applyMiddleware, shield } from './shield-library.ts';

type ByField<T> = Record<string, Record<string, T | undefined>>;

type Resolve = GraphQLFieldResolver<unknown, Pick<RequestContext, 'refusals'>>;
type Middleware = (resolve: Resolve, ...args: Parameters<Resolve>) => unknown;
/** graphql-shield's middleware of one field; that of `nobody` is an object. */
type Generated = Middleware | { readonly resolve: Middleware };

/**
 * Adds the rules of all permission trees to the fields of a schema. Denied by default: a root field,
 * or a field that returns an object, is denied to everyone unless a tree names it. Other fields are
 * as visible as their parent unless a tree names them.
 *
 * graphql-shield alone would wrap every field, with or without a rule, which triples the execution
 * time. So only the middleware of fields with a rule is applied.
 *
 * @throws Error if two trees name one field, or a tree names a field that the schema does not have
 */
export function guardSchema(
  schema: GraphQLSchema,
  trees: readonly PermissionTree[],
): GraphQLSchema {
  const tree = mergeTrees(trees);
  assertRulesMatchSchema(schema, tree);
  assertSubscriptionsResolve(schema);
  const rules = fieldRules(schema, tree);
  const generated = shield(tree, {
    allowExternalErrors: true,
    fallbackRule: nobody,
    fallbackError: new BffError('FORBIDDEN', 'You may not access this.'),
  }).generate(schema) as ByField<Generated>;

  const guarded: ByField<Middleware> = {};
  for (const [type, field, rule] of rules) {
    if (rule === anyone || rule === inherited) continue;
    guarded[type] ??= {};
    const found = generated[type]?.[field];
    if (!found)
      throw new Error(`Permissions of ${type}.${field}: graphql-shield has no middleware`);
    const middleware = typeof found === 'function' ? found : found.resolve;
    guarded[type][field] = explainable(middleware, `${type}.${field}`, audienceOf(rule));
  }
  const guardedSchema = applyMiddleware(schema, guarded as never);
  guardSources(guardedSchema, guarded);
  return guardedSchema;
}

/** False for the failure of an upstream that a rule depends on: it refuses nobody. */
const isRefusal = (result: unknown): result is BffError =>
  result instanceof BffError && !result.code.startsWith('UPSTREAM_');

/** Records the refusals of a rule, for requests whose response is explained. */
function explainable(middleware: Middleware, field: string, allows: Refusal['allows']): Middleware {
  const observe: Middleware = async (resolve, parent, args, context, info) => {
    let isAllowed = false;
    const tracked: Resolve = (...given) => {
      isAllowed = true;
      return resolve(...given);
    };
    // graphql-shield returns errors, also those of the resolver.
    const result = await middleware(tracked, parent, args, context, info);
    if (!isAllowed && isRefusal(result)) {
      const { code, message: reason } = result;
      const path = responsePathAsArray(info.path);
      context.refusals?.push({ path, field, allows, code, reason });
    }
    return result;
  };
  return (resolve, parent, args, context, info) =>
    (context.refusals ? observe : middleware)(resolve, parent, args, context, info);
}

/**
 * graphql-middleware applies a rule to the start of a subscription alone if its events have no resolver.
 * @throws Error for such a subscription
 */
function assertSubscriptionsResolve(schema: GraphQLSchema): void {
  const fields = Object.values(schema.getSubscriptionType()?.getFields() ?? {});
  const wrong = fields.find(({ subscribe, resolve }) => !subscribe || !resolve);
  if (wrong) throw new Error(`Subscription.${wrong.name}: subscribe or resolve is missing`);
}

/** Applies the rules of subscriptions to their start, too: graphql-middleware has applied them to each event. */
function guardSources(
  schema: GraphQLSchema,
  { Subscription: rules = {} }: ByField<Middleware>,
): void {
  for (const field of Object.values(schema.getSubscriptionType()?.getFields() ?? {})) {
    const { name, subscribe } = field;
    const middleware = rules[name];
    if (middleware && subscribe) field.subscribe = (...args) => middleware(subscribe, ...args);
  }
}

/**
 * Creates a lookup of the viewer properties that a field's rule reads; nothing for a field without a
 * rule, which is as visible as its parent.
 * @throws Error for a rule that does not declare what it reads
 */
export function createReadsLookup(
  schema: GraphQLSchema,
  trees: readonly PermissionTree[],
): (type: string, field: string) => Reads {
  const known = new Map(
    fieldRules(schema, mergeTrees(trees)).map(([type, field, rule]) => {
      const reads = readsOf(rule);
      if (!reads)
        throw new Error(`Permissions of ${type}.${field}: the rule must say what it reads`);
      return [`${type}.${field}`, reads];
    }),
  );
  return (type, field) => known.get(`${type}.${field}`) ?? 'nothing';
}

/**
 * graphql-shield silently ignores rules on interfaces, inputs and unknown fields.
 * @throws Error for a rule that would guard nothing
 */
function assertRulesMatchSchema(schema: GraphQLSchema, tree: PermissionTree): void {
  for (const [name, fields] of Object.entries(tree)) {
    const type = schema.getType(name);
    if (!isObjectType(type))
      throw new Error(`Permissions of ${name}: the schema has no such object type`);
    const unknown = Object.keys(fields).find((field) => !Object.hasOwn(type.getFields(), field));
    if (unknown) throw new Error(`Permissions of ${name}.${unknown}: the schema has no such field`);
  }
}

/** All fields that have or need a rule, each with its rule or `nobody`. */
export function fieldRules(
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
          throw new Error(
            `Permissions of ${type.name}.${field.name}: a root field has no parent to inherit from`,
          );
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
    // A rule for a whole type would be lost here and leave the type's fields unguarded.
    if (typeof fields !== 'object' || fields.constructor !== Object || '*' in fields) {
      throw new Error(`Permissions of ${type}: give each field its own rule`);
    }
    merged[type] ??= {};
    for (const [field, rule] of Object.entries(fields)) {
      if (typeof rule === 'function') {
        throw new Error(
          `Permissions of ${type}.${field}: call the atom, as in staff('orders:read')`,
        );
      }
      if (merged[type][field])
        throw new Error(`Permissions of ${type}.${field}: two trees define a rule`);
      merged[type][field] = rule;
    }
  }
  return merged;
}
