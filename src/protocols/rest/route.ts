/**
 * REST: committed operations with `@rest(method, path)` as endpoints, and their OpenAPI document.
 *
 * routes.ts reads the endpoints from the operations, once at the start. For each request, parse-request.ts
 * makes variables of path, query and body, the pipeline runs the operation, and response-body.ts makes a
 * body of its result; problem.ts is the form of errors. openapi.ts describes all of it.
 *
 * It must never decide who may see what, or run an operation that is not committed.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { GraphQLFormattedError } from 'graphql';
import { cacheStatusHeader, toJson } from '../../cache/index.ts';
import { BffError, notFound } from '../../errors.ts';
import { addChallenge, type ErrorHandler, statusOf, toRefusal } from '../../http/error-handler.ts';
import { recordRefusal } from '../../http/observe-requests.ts';
import { createRefusalCharge } from '../../http/refusal-charge.ts';
import { andThen } from '../../maybe-promise.ts';
import type { ExecutedResponse, OperationResponse, Pipeline } from '../../pipeline/index.ts';
import type { RateLimiter } from '../../traffic/index.ts';
import { createTypeChooser, JSON_TYPE } from '../media-type.ts';
import type { RequestReader } from '../operation-request.ts';
import type { ResponseSender } from '../send-response.ts';
import { addDescription, type DescriptionPage } from './description.ts';
import type { ApiDescription } from './openapi.ts';
import { ParameterError, type ParameterFault } from './parameter-error.ts';
import { createRestParser } from './parse-request.ts';
import { PROBLEM_TYPE, toProblem } from './problem.ts';
import { refuseOtherMethods } from './refuse-methods.ts';
import { createRepresentation, MISSING, toResponseBody } from './response-body.ts';
import { patternOf, type RestRoute } from './routes.ts';

interface RestParts {
  readonly api: ApiDescription;
  readonly pipeline: Pipeline;
  readonly readRequest: RequestReader;
  readonly send: ResponseSender;
  readonly rateLimiter: Pick<RateLimiter, 'take'>;
  readonly errorHandler: ErrorHandler;
  /** Undefined in production. */
  readonly page: DescriptionPage | undefined;
}

const NOT_ACCEPTABLE = 'Responses are application/json, which "Accept" does not allow.';

/** Adds the endpoints and their description, and refuses other methods on their paths. */
export function addRest(app: FastifyInstance, parts: RestParts): void {
  const { api, rateLimiter, errorHandler, page } = parts;
  if (api.routes.length === 0) return;
  addDescription(app, api, { rateLimiter, errorHandler, page });
  const config = { isTraced: true };
  for (const route of api.routes) {
    const method = methodsOf(route);
    app.route({
      method,
      url: toUrl(route),
      config,
      errorHandler,
      handler: createHandler(route, parts),
    });
  }
  for (const routes of Map.groupBy(api.routes, patternOf).values()) {
    const [first] = routes as [RestRoute];
    refuseOtherMethods(app, toUrl(first), routes.flatMap(methodsOf), errorHandler);
  }
}

const methodsOf = ({ method }: RestRoute): string[] =>
  method === 'GET' ? ['GET', 'HEAD'] : [method];

/** The path as the router takes it. */
const toUrl = ({ path }: RestRoute): string => path.replaceAll(/\{(\w+)\}/g, ':$1');

/** Creates the handler of a route. A stored response is sent in the turn in which its request arrives. */
function createHandler(route: RestRoute, { pipeline, readRequest, send }: RestParts) {
  const chooseMediaType = createTypeChooser(['application/problem+json'], NOT_ACCEPTABLE);
  const parseRequest = createRestParser(route);
  const representation = createRepresentation(route);

  function respond(
    request: FastifyRequest,
    reply: FastifyReply,
    response: OperationResponse,
  ): unknown {
    if (response.kind === 'shared') {
      if (response.entry.body !== MISSING) return send.shared(request, reply, response, JSON_TYPE);
      return sendProblem(request, reply, response, notFound('object'));
    }
    const body = hasInputFault(route, response)
      ? undefined
      : toResponseBody(route, response.result);
    if (!body) return sendProblem(request, reply, response, causeOf(response));
    return send.unshared(reply, toJson(body), response, JSON_TYPE);
  }

  /** Sends the error of an operation that was executed. */
  function sendProblem(
    request: FastifyRequest,
    reply: FastifyReply,
    response: OperationResponse,
    error: BffError,
  ) {
    const { code, message, details } = error;
    const status = statusOf(error);
    recordRefusal(request, code, error);
    if (status === 401) addChallenge(request, reply);
    const faults = code === 'BAD_USER_INPUT' ? faultOfOnly(route, message) : undefined;
    const problem = toProblem({ code, message, details, status }, request.id, faults);
    return send.unshared(reply.code(status), toJson(problem), response, PROBLEM_TYPE);
  }

  return (request: FastifyRequest, reply: FastifyReply) => {
    chooseMediaType(request.headers.accept);
    const input = parseRequest(request);
    const operation = readRequest(input, representation, request, reply);
    return andThen(pipeline.run(operation), (response) => respond(request, reply, response));
  };
}

/** True if a resolver has refused an input of a read: the request is at fault, and no part of the data. */
const hasInputFault = ({ method }: RestRoute, { result: { errors } }: ExecutedResponse): boolean =>
  method === 'GET' && (errors ?? []).some(isInputFault);

const isInputFault = ({ extensions }: GraphQLFormattedError): boolean =>
  extensions?.code === 'BAD_USER_INPUT';

/** The fault of an input, if the route has a single one that resolvers can refuse. */
function faultOfOnly(
  { inputs: { path, query, body } }: RestRoute,
  detail: string,
): readonly ParameterFault[] | undefined {
  const [only, ...others] = [...path, ...query];
  return only && others.length === 0 && !body ? [{ parameter: only.name, detail }] : undefined;
}

/** The error for which a response has no data; NOT_FOUND if there is none. */
function causeOf({ result: { errors = [] } }: ExecutedResponse): BffError {
  const error = errors.find(isInputFault) ?? errors[0];
  if (!error) return notFound('object');
  const { code, ...details } = error.extensions ?? {};
  return new BffError(code as BffError['code'], error.message, {
    details: details as BffError['details'],
  });
}

/** Creates the handler of errors that end a request before its execution, in any hook or phase. */
export function createProblemHandler(charge: RateLimiter['charge']): ErrorHandler {
  const chargeRefusal = createRefusalCharge(charge);
  return (error, request, reply) => {
    chargeRefusal(error, request, reply);
    const faults = error instanceof ParameterError ? error.faults : undefined;
    const cause = faults ? new BffError('BAD_USER_INPUT', error.message) : error;
    const refusal = toRefusal(cause, request, reply);
    return reply
      .code(refusal.status)
      .header('cache-status', cacheStatusHeader('bypass'))
      .type(PROBLEM_TYPE)
      .send(toJson(toProblem(refusal, request.id, faults)));
  };
}
