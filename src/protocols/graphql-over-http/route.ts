/**
 * GraphQL over HTTP (https://graphql.github.io/graphql-over-http/): GET, HEAD and POST /graphql.
 *
 * route.ts chooses the media type, parses the request (parse-request.ts) and runs the pipeline;
 * ../send-response.ts sends what it returns. request-errors.ts sends what any of them throws.
 * explained-response.ts adds an explanation to a response whose client asks for one.
 *
 * It must never decide who may see what, or read the body of a response that it sends, except to
 * explain it.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { toJson } from '../../cache/index.ts';
import { methodNotAllowed } from '../../errors.ts';
import { andThen } from '../../maybe-promise.ts';
import type { OperationInput, Pipeline } from '../../pipeline/index.ts';
import type { ExplainOptions } from '../../telemetry/explanation.ts';
import type { RequestReader } from '../operation-request.ts';
import type { ResponseSender } from '../send-response.ts';
import { createMediaTypeChooser, HTML } from './content-negotiation.ts';
import { createResponseExplainer } from './explained-response.ts';
import { createRequestParser, isBatch } from './parse-request.ts';
import { GRAPHQL, toBody } from './representation.ts';

interface GraphqlParts {
  readonly pipeline: Pipeline;
  readonly readRequest: RequestReader;
  readonly send: ResponseSender;
  /** The maximum number of operations in one request; 0 refuses arrays. */
  readonly maxBatchOperations: number;
  readonly explain: ExplainOptions;
  /** Renders the page for browsers; undefined in production. */
  readonly renderLandingPage: (() => Promise<string>) | undefined;
  /** Adds the handling of requests for another protocol, if there is one. */
  readonly addUpgrades: (handler: RouteHandler) => RouteHandler;
}

export type RouteHandler = (request: FastifyRequest, reply: FastifyReply) => unknown;

/** Allows the scripts of the page, and no page that frames it. */
const LANDING_PAGE_CSP = "frame-ancestors 'none'";

/** Adds the routes of /graphql. */
export function addGraphql(app: FastifyInstance, parts: GraphqlParts): void {
  const url = '/graphql';
  const config = { isTraced: true };
  const handler = parts.addUpgrades(createGraphqlHandler(parts));
  app.route({ method: ['GET', 'HEAD', 'POST'], url, config, handler });
  app.route({ method: ['DELETE', 'OPTIONS', 'PATCH', 'PUT'], url, handler: refuseMethod });
}

/** Creates the handler of /graphql. A stored response is sent in the turn in which its request arrives. */
function createGraphqlHandler(parts: GraphqlParts) {
  const { pipeline, readRequest, send, maxBatchOperations, renderLandingPage } = parts;
  const explainResponse = createResponseExplainer(parts.explain);
  const chooseMediaType = createMediaTypeChooser(renderLandingPage !== undefined);
  const parseRequest = createRequestParser(maxBatchOperations);

  async function sendLandingPage(reply: FastifyReply) {
    reply.header('content-security-policy', LANDING_PAGE_CSP).type(HTML);
    return reply.send(await renderLandingPage?.());
  }

  return (request: FastifyRequest, reply: FastifyReply) => {
    const mediaType = chooseMediaType(request.headers.accept, request.method !== 'POST');
    if (mediaType === HTML) return sendLandingPage(reply);
    const input = parseRequest(request);
    const toRequest = (one: OperationInput) => readRequest(one, GRAPHQL, request, reply);
    if (isBatch(input)) {
      const [first, ...others] = input;
      const requests = [toRequest(first), ...others.map(toRequest)] as const;
      return andThen(pipeline.runBatch(requests), (response) =>
        send.unshared(reply, toJson(response.results.map(toBody)), response, mediaType),
      );
    }
    return andThen(pipeline.run(toRequest(input)), (response): unknown => {
      const explained = request.record.explanation && explainResponse(request.record, response);
      if (explained) return send.unshared(reply, explained, response, mediaType);
      if (response.kind === 'shared') return send.shared(request, reply, response, mediaType);
      reply.code(response.result.status);
      return send.unshared(reply, GRAPHQL.serialise(response.result), response, mediaType);
    });
  };
}

/** Refuses the other methods. @throws BffError BAD_REQUEST with status 405 */
const refuseMethod = ({ method }: FastifyRequest) => {
  throw methodNotAllowed(`/graphql takes GET, HEAD and POST, not ${method}.`, 'GET, HEAD, POST');
};
