import {
  type GraphQLCompositeType,
  type GraphQLField,
  type GraphQLSchema,
  getNamedType,
  isAbstractType,
  isCompositeType,
} from 'graphql';
import { readDirective } from '../graphql-ast.ts';

/** The arguments of `@cacheControl` on a field or a type. */
interface Annotation {
  readonly maxAge?: number | undefined;
  readonly scope?: 'PUBLIC' | 'PRIVATE' | undefined;
  readonly inheritMaxAge?: boolean | undefined;
}

/** The caching rules that a field imposes on every response that contains it. */
export interface Hint {
  /** In seconds; undefined if the field imposes none. */
  readonly maxAge: number | undefined;
  readonly scope: 'PUBLIC' | 'PRIVATE' | undefined;
}

const NO_ANNOTATION: Annotation = {};

/**
 * Reads the hints of a schema by Apollo's rules: a field's own annotation overrides that of its
 * returned type; a field without maxAge gets 0 if it is a root field or returns an object, unless it
 * inherits. Stricter than Apollo, a field that returns an interface or a union also obeys the
 * annotations of every possible type.
 *
 * @see https://www.apollographql.com/docs/apollo-server/performance/caching
 */
export function createHintReader(schema: GraphQLSchema) {
  const known = new WeakMap<GraphQLField<unknown, unknown>, Hint>();
  const directive = schema.getDirective('cacheControl');

  const ofField = ({ astNode }: GraphQLField<unknown, unknown>) =>
    readDirective<Annotation>(directive, [astNode]) ?? NO_ANNOTATION;
  const ofType = ({ astNode, extensionASTNodes }: GraphQLCompositeType) =>
    readDirective<Annotation>(directive, [astNode, ...extensionASTNodes]) ?? NO_ANNOTATION;

  function read(field: GraphQLField<unknown, unknown>, isRoot: boolean): Hint {
    const type = getNamedType(field.type);
    const own = ofField(field);
    const returned = isCompositeType(type) ? ofType(type) : NO_ANNOTATION;
    const scope = own.scope ?? returned.scope;
    const members = isAbstractType(type) ? schema.getPossibleTypes(type).map(ofType) : [];
    const maxAges = [maxAgeOf(own, returned), ...members.map(({ maxAge }) => maxAge)];
    const inherits = own.inheritMaxAge || (returned.inheritMaxAge && own.maxAge === undefined);
    if (maxAges[0] === undefined && (isRoot || (isCompositeType(type) && !inherits))) {
      maxAges[0] = 0;
    }
    return {
      maxAge: minDefined(maxAges),
      scope: members.some((member) => member.scope === 'PRIVATE') ? 'PRIVATE' : scope,
    };
  }

  /** @param isRoot - true for a field of Query, Mutation or Subscription */
  return (field: GraphQLField<unknown, unknown>, isRoot: boolean): Hint => {
    const hint = known.get(field) ?? read(field, isRoot);
    known.set(field, hint);
    return hint;
  };
}

/** A field that inherits has no maxAge of its own, but keeps that of its type. */
function maxAgeOf(field: Annotation, type: Annotation): number | undefined {
  const ofType = type.inheritMaxAge ? undefined : type.maxAge;
  return field.inheritMaxAge ? ofType : (field.maxAge ?? ofType);
}

/** The smallest value that is defined. */
export const minDefined = (values: readonly (number | undefined)[]): number | undefined => {
  const known = values.filter((value) => value !== undefined);
  return known.length > 0 ? Math.min(...known) : undefined;
};
