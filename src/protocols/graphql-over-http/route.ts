/**
 * GraphQL over HTTP (https://graphql.github.io/graphql-over-http/): GET, HEAD and POST /graphql.
 *
 * route.ts chooses the media type, parses the request (parse-request.ts) and runs the pipeline;
 * send-response.ts sends what it returns. request-errors.ts sends what any of them throws.
 *
 * It must never decide who may see what, or read the body of a response that it sends.
 */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { requestDirectiveOf } from '../../cache/index.ts';
import { methodNotAllowed } from '../../errors.ts';
import type { createProofReader } from '../../http/request-proof.ts';
import { andThen } from '../../maybe-promise.ts';
import type { OperationInput, OperationRequest, Pipeline } from '../../pipeline/index.ts';
import { createMediaTypeChooser, HTML } from './content-negotiation.ts';
import { createRequestParser, isBatch } from './parse-request.ts';
import type { ResponseSender } from './send-response.ts';

interface GraphqlParts {
  readonly pipeline: Pipeline;
  readonly readProof: ReturnType<typeof createProofReader>;
  readonly send: ResponseSender;
  /** The maximum number of operations in one request; 0 refuses arrays. */
  readonly maxBatchOperations: number;
  /** Renders the page for browsers; undefined in production. */
  readonly renderLandingPage: (() => Promise<string>) | undefined;
}

/** Allows the scripts of the page, and no page that frames it. */
const LANDING_PAGE_CSP = "frame-ancestors 'none'";

/** Creates the handler of /graphql. A stored response is sent in the turn in which its request arrives. */
export function createGraphqlHandler(parts: GraphqlParts) {
  const { pipeline, readProof, send, maxBatchOperations, renderLandingPage } = parts;
  const chooseMediaType = createMediaTypeChooser(renderLandingPage !== undefined);
  const parseRequest = createRequestParser(maxBatchOperations);

  async function sendLandingPage(reply: FastifyReply) {
    reply.header('content-security-policy', LANDING_PAGE_CSP).type(HTML);
    return reply.send(await renderLandingPage?.());
  }

  function toOperationRequest(
    input: OperationInput,
    request: FastifyRequest,
    reply: FastifyReply,
  ): OperationRequest {
    const { id, ip: address, method, headers, record } = request;
    return {
      id,
      address,
      headers,
      readProof: () => readProof(request),
      input,
      allowsMutations: method === 'POST',
      cacheDirective: requestDirectiveOf(headers['cache-control']),
      reportsCost: headers['graphql-cost'] === 'report',
      record,
      setCookie(header) {
        reply.header('set-cookie', header);
      },
      onDisconnect(listener) {
        const { raw } = reply;
        if (raw.closed) listener();
        else raw.once('close', listener);
      },
    };
  }

  return (request: FastifyRequest, reply: FastifyReply) => {
    const mediaType = chooseMediaType(request.headers.accept, request.method !== 'POST');
    if (mediaType === HTML) return sendLandingPage(reply);
    const input = parseRequest(request);
    const toRequest = (one: OperationInput) => toOperationRequest(one, request, reply);
    if (isBatch(input)) {
      const [first, ...others] = input;
      const requests = [toRequest(first), ...others.map(toRequest)] as const;
      return andThen(pipeline.runBatch(requests), (response) =>
        send.batch(reply, response, mediaType),
      );
    }
    return andThen(pipeline.run(toRequest(input)), (response) =>
      send.operation(request, reply, response, mediaType),
    );
  };
}

/** Refuses the other methods. @throws BffError BAD_REQUEST with status 405 */
export const refuseMethod = ({ method }: FastifyRequest) => {
  throw methodNotAllowed(`/graphql takes GET, HEAD and POST, not ${method}.`, 'GET, HEAD, POST');
};
