import {
  type GraphQLOutputType,
  type GraphQLSchema,
  getNullableType,
  getOperationAST,
  isObjectType,
  Kind,
  type OperationDefinitionNode,
} from 'graphql';
import { readDirective } from '../../graphql-ast.ts';
import type { CommittedOperation } from '../../operations/index.ts';
import { RESERVED_PATH } from '../reserved-path.ts';
import { collectInputs, type RouteInputs } from './route-inputs.ts';

/** One endpoint: a method and a path, and the operation that answers them. */
export interface RestRoute {
  readonly method: RestMethod;
  /** With variables in braces, as in OpenAPI. */
  readonly path: string;
  readonly operation: CommittedOperation;
  readonly definition: OperationDefinitionNode;
  readonly inputs: RouteInputs;
  /**
   * The response name of the only root field, whose object is the response body. Undefined if there are
   * several, or if the field returns a list or a plain value: then the body is an object with all of them.
   */
  readonly root: string | undefined;
}

export type RestMethod = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/** The arguments of `@rest`. */
interface RestDirective {
  readonly method: RestMethod;
  readonly path: string;
}

const PATH = /^(?:\/(?:[\w.~-]+|\{[A-Za-z_]\w*\}))+$/;
const PATH_VARIABLE = /\{(\w+)\}/g;

/**
 * Lists the endpoints of the committed operations with `@rest`.
 * @throws Error with all faults
 */
export function listRoutes(
  schema: GraphQLSchema,
  operations: readonly CommittedOperation[],
): readonly RestRoute[] {
  const faults: string[] = [];
  const routes = operations.flatMap((operation) => {
    const directive = readDirective<RestDirective>(schema.getDirective('rest'), [operation]);
    const definition = getOperationAST(operation.document);
    if (!directive || !definition) return [];
    const route = toRoute(schema, operation, definition, directive);
    faults.push(...faultsOf(route).map((fault) => `${operation.name}.graphql: ${fault}`));
    return [route];
  });
  faults.push(...duplicatesOf(routes));
  if (faults.length > 0) throw new Error(`Wrong @rest:\n  ${faults.join('\n  ')}`);
  return routes;
}

function toRoute(
  schema: GraphQLSchema,
  operation: CommittedOperation,
  definition: OperationDefinitionNode,
  { method, path }: RestDirective,
): RestRoute {
  const inPath = new Set([...path.matchAll(PATH_VARIABLE)].map(([, name = '']) => name));
  const inputs = collectInputs(schema, operation.document, definition, {
    inPath,
    hasBody: method !== 'GET' && method !== 'DELETE',
  });
  return { method, path, operation, definition, inputs, root: rootOf(schema, definition) };
}

function rootOf(schema: GraphQLSchema, definition: OperationDefinitionNode): string | undefined {
  const [selection, ...others] = definition.selectionSet.selections;
  if (selection?.kind !== Kind.FIELD || others.length > 0) return undefined;
  const { name, alias } = selection;
  const field = schema.getRootType(definition.operation)?.getFields()[name.value];
  return field && isObject(field.type) ? (alias ?? name).value : undefined;
}

const isObject = (type: GraphQLOutputType): boolean => isObjectType(getNullableType(type));

function faultsOf({ method, path, definition, inputs, root }: RestRoute): string[] {
  const faults = [...inputs.faults];
  const type = definition.operation;
  if (!PATH.test(path)) faults.push(`"${path}" is not a path such as /orders/{id}`);
  if (RESERVED_PATH.test(path)) faults.push(`"${path}" belongs to the server`);
  if (method === 'GET' && type !== 'query') faults.push(`a ${type} needs a method other than GET`);
  if (method !== 'GET' && type === 'query') faults.push(`a query needs the method GET`);
  if (hasErrorsMember(definition, root)) {
    faults.push('the body has a member "errors": give this field an alias');
  }
  return faults;
}

/** The missing parts of a response are listed in its member `errors`. */
function hasErrorsMember({ selectionSet }: OperationDefinitionNode, root: string | undefined) {
  const [first] = selectionSet.selections;
  const body = root !== undefined && first?.kind === Kind.FIELD ? first.selectionSet : selectionSet;
  return body?.selections.some(
    (selection) =>
      selection.kind === Kind.FIELD && (selection.alias ?? selection.name).value === 'errors',
  );
}

/** The same for two paths that differ in the names of their variables only. */
export const patternOf = ({ path }: Pick<RestRoute, 'path'>): string =>
  path.replaceAll(PATH_VARIABLE, '{}');

function duplicatesOf(routes: readonly RestRoute[]): string[] {
  const groups = Map.groupBy(routes, (route) => `${route.method} ${patternOf(route)}`);
  return [...groups.values()]
    .filter(({ length }) => length > 1)
    .map(([first, ...others]) => {
      const names = others.map(({ operation }) => operation.name).join(', ');
      return `${names}: ${first?.operation.name} has the route ${first?.method} ${first?.path} already`;
    });
}
