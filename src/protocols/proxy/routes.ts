import { decisionOf, staff } from '../../auth/rules.ts';
import { BffError, methodNotAllowed } from '../../errors.ts';
import { pathNotFound } from '../../http/error-handler.ts';
import type { Access } from '../../pipeline/index.ts';
import type { Viewer } from '../../viewer.ts';
import { RESERVED_PATH } from '../reserved-path.ts';
import { checkHeaderRules } from './header-rules.ts';
import { createJsonChange } from './json-rules.ts';
import { compilePath, namesInTag, type PathMatch, type PathTemplate } from './path-template.ts';
import type { ProxyMethod, ProxyRoute } from './proxy-route.ts';

const DEFAULT_COST = 10;

export interface CompiledRoute {
  readonly definition: ProxyRoute;
  readonly path: PathTemplate;
  readonly target: PathTemplate;
  readonly access: Access;
  readonly changeRequest: ((bytes: Uint8Array) => string) | undefined;
  readonly changeResponse: ((bytes: Uint8Array) => string) | undefined;
}

/** What selects the route of a request. */
interface RouteRequest {
  readonly method: string;
  readonly segments: readonly string[];
  readonly hostname: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

export interface FoundRoute<R> {
  readonly route: R;
  readonly match: PathMatch;
}

/**
 * Checks and compiles a route.
 * @throws Error that names the route, for one that could not work or would not be safe
 */
export function compileRoute(definition: ProxyRoute): CompiledRoute {
  try {
    return compile(definition);
  } catch (error) {
    throw new Error(`Route ${definition.path}: ${(error as Error).message}`, { cause: error });
  }
}

function compile(definition: ProxyRoute): CompiledRoute {
  const { permission = staff(), cost = DEFAULT_COST, headers, json, purges = [] } = definition;
  const path = compilePath(definition.path);
  const target = compilePath(definition.target);
  if (target.hasRest && !path.hasRest) throw new Error('the target has a *, and the path has none');
  for (const name of [...target.names, ...purges.flatMap(namesInTag)]) {
    if (!path.names.includes(name)) throw new Error(`the path has no {${name}}`);
  }
  if (path.literals.length === 0) throw new Error('the path must not begin with a name');
  if (RESERVED_PATH.test(definition.path)) throw new Error('the path belongs to the server');
  const decide = decisionOf(permission);
  if (!decide) {
    throw new Error('the permission must read nothing but the viewer: staff(), scoped(…) …');
  }
  checkHeaderRules(headers?.request, 'request');
  checkHeaderRules(headers?.response, 'response');
  return {
    definition,
    path,
    target,
    access: { permission: (viewer) => checkKey(viewer) ?? decide(viewer), cost },
    changeRequest: json?.request && createJsonChange(json.request),
    changeResponse: json?.response && createJsonChange(json.response),
  };
}

/** No route is for API keys that may run certain operations only. */
const checkKey = (viewer: Viewer): BffError | undefined =>
  viewer.role === 'partner' && viewer.operations !== undefined
    ? new BffError('FORBIDDEN', 'This API key may run certain registered operations only.')
    : undefined;

/**
 * Finds the first route that fits a request.
 * @throws BffError NOT_FOUND with status 404, BAD_REQUEST with status 405
 */
export function findRoute<R extends CompiledRoute>(
  routes: readonly R[],
  { method, segments, hostname, headers }: RouteRequest,
): FoundRoute<R> {
  const allowed = new Set<string>();
  for (const route of routes) {
    const { host, header, version, methods } = route.definition;
    const match = route.path.match(segments);
    const isSelected =
      (host === undefined || host.toLowerCase() === hostname.toLowerCase()) &&
      (header === undefined || headers[header.name.toLowerCase()] === header.value) &&
      (version === undefined || isVersion(headers['accept-version'], version));
    if (!match || !isSelected) continue;
    if (methods.includes((method === 'HEAD' ? 'GET' : method) as ProxyMethod)) {
      return { route, match };
    }
    for (const name of methods) allowed.add(name);
  }
  if (allowed.size === 0) throw pathNotFound('There is nothing here.');
  if (allowed.has('GET')) allowed.add('HEAD');
  throw methodNotAllowed(`${method} is not possible here.`, [...allowed].sort().join(', '));
}

const isVersion = (given: string | string[] | undefined, version: string): boolean =>
  typeof given === 'string' && (given === version || given.startsWith(`${version}.`));
