import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import Negotiator from 'negotiator';
import { BffError, methodNotAllowed } from '../../errors.ts';
import { logOf } from '../../http/observe-requests.ts';
import type { Pipeline } from '../../pipeline/index.ts';
import { createRequestParser, isBatch } from '../graphql-over-http/parse-request.ts';
import { toBody } from '../graphql-over-http/representation.ts';
import { onDisconnect } from '../on-disconnect.ts';
import { EventSourceBody } from './event-source.ts';
import { COMPLETE, STREAM_PATH, STREAM_TYPE, toEvent } from './event-text.ts';
import { createRequestReader, type RequestReaders } from './operation-request.ts';

interface ServerSentEventParts extends RequestReaders {
  readonly pipeline: Pipeline;
}

/** Half of the time after which usual proxies close a connection without data. */
const HEARTBEAT_MS = 5_000;
const NO_BATCHES = 0;
const OTHER_METHODS = ['DELETE', 'HEAD', 'OPTIONS', 'PATCH', 'PUT'];

/**
 * Adds GET and POST /graphql/stream: a subscription over server-sent events, as the clients of graphql-sse
 * (distinct connections mode) and EventSource expect it.
 */
export function addServerSentEvents(app: FastifyInstance, parts: ServerSentEventParts): void {
  const { pipeline } = parts;
  const parseRequest = createRequestParser(NO_BATCHES);
  const toRequest = createRequestReader(parts);
  const bodies = new Set<EventSourceBody>();
  const timer = setInterval(() => {
    for (const body of bodies) body.sendHeartbeat();
  }, HEARTBEAT_MS).unref();
  app.addHook('onClose', async () => clearInterval(timer));

  async function handle(request: FastifyRequest, reply: FastifyReply) {
    const { headers, record } = request;
    refuseOtherTypes(headers.accept);
    const input = parseRequest(request);
    if (isBatch(input)) throw new BffError('BAD_REQUEST', 'Send one subscription per request.');
    const response = await pipeline.subscribe(
      toRequest(request, {
        protocol: 'sse',
        input,
        record,
        headers,
        setCookie: (header) => void reply.header('set-cookie', header),
        onDisconnect: (listener) => onDisconnect(reply, listener),
      }),
    );
    // Proxies must pass each event on at once.
    reply.headers({ ...response.rateLimit, 'x-accel-buffering': 'no' }).type(STREAM_TYPE);
    if (response.kind === 'executed') {
      return reply.send(toEvent(toBody(response.result)) + COMPLETE);
    }
    record.isStream = true;
    const body = new EventSourceBody(response.stream);
    bodies.add(body);
    body.once('close', () => bodies.delete(body));
    body.once('error', (err) => logOf(request).error({ err }, 'unexpected error'));
    return reply.send(body);
  }

  app.route({ method: ['GET', 'POST'], url: STREAM_PATH, handler: handle });
  app.route({ method: OTHER_METHODS, url: STREAM_PATH, handler: refuseMethod });
}

/** @throws BffError BAD_REQUEST with status 405 */
const refuseMethod = ({ method }: FastifyRequest) => {
  throw methodNotAllowed(`${STREAM_PATH} takes GET and POST, not ${method}.`, 'GET, POST');
};

function refuseOtherTypes(accept: string | undefined): void {
  const isAccepted = new Negotiator({ headers: { accept } }).mediaType(['text/event-stream']);
  if (isAccepted) return;
  throw new BffError(
    'BAD_REQUEST',
    'Responses are text/event-stream; "Accept" does not allow it.',
    {
      status: 406,
    },
  );
}
