import type { IncomingHttpHeaders } from 'node:http';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { parse } from 'graphql';
import { handleProtocols, makeServer } from 'graphql-ws';
import { type WebSocket, WebSocketServer } from 'ws';
import { BffError, unauthenticated } from '../../errors.ts';
import { describeCompleted, recordRefusal } from '../../http/observe-requests.ts';
import { handOverConnection, isUpgrade, routeUpgrades } from '../../http/upgrades.ts';
import type { Pipeline, ResultStream, StreamResponse } from '../../pipeline/index.ts';
import type { Log } from '../../telemetry/log.ts';
import { type CompletedRequest, RequestRecord } from '../../telemetry/request-record.ts';
import type { AdmissionControl, RateLimiter } from '../../traffic/index.ts';
import { toOperationInput } from '../graphql-over-http/parse-request.ts';
import { toBody } from '../graphql-over-http/representation.ts';
import { createOperationErrors, toGraphQLError } from './errors.ts';
import { createRequestReader, type RequestReaders } from './operation-request.ts';
import { close, closeAfterError, closeFor, send } from './socket.ts';

interface WebSocketParts extends RequestReaders {
  readonly pipeline: Pipeline;
  readonly admission: Pick<AdmissionControl, 'refuseExcess'>;
  readonly rateLimiter: Pick<RateLimiter, 'refuseExhausted' | 'charge'>;
  readonly isSchemaPublic: boolean;
  /** Counts an operation, like the request that it is over other protocols. */
  readonly observeOperation: (completed: CompletedRequest) => void;
  readonly log: Log;
}

/** A connection, as the handlers of its messages get it. */
interface Connection {
  readonly socket: WebSocket;
  readonly request: FastifyRequest;
  /** With the credential of the handshake or, if there was one, of `connection_init`. */
  headers: IncomingHttpHeaders;
  /** Its subscriptions that have begun and not ended. */
  readonly streams: Set<ResultStream>;
  /** On the clock of `performance.now()`. */
  idleSince: number;
  /** False if it has not answered the last ping yet. */
  isAlive: boolean;
}

export const WEBSOCKET_PATH = '/graphql';

const MAX_MESSAGE_BYTES = 64 * 1_024;
/** What waits for a client that sends messages and does not read; such as pongs, which nothing else limits. */
const MAX_UNREAD_BYTES = 1024 * 1_024;
const HEARTBEAT_MS = 5_000;
/** The time for which a connection without subscriptions stays open. */
const MAX_IDLE_MS = 60_000;
/** Of the response to a handshake that is refused (RFC 6455 §4.4). */
const VERSION = { 'sec-websocket-version': '13' };
/** graphql-ws reads the kind of an operation from a document; the real one is prepared by the pipeline. */
const ANY_SUBSCRIPTION = parse('subscription { any }');

/**
 * Creates the handler of subscriptions over WebSocket (the protocol `graphql-transport-ws`). graphql-ws keeps the
 * state of each connection; credentials, limits and operations are up to the pipeline, for every message.
 */
export function createWebSocketHandler(app: FastifyInstance, parts: WebSocketParts) {
  const { pipeline, admission, rateLimiter, isSchemaPublic, readProof, originOf } = parts;
  const { observeOperation, log } = parts;
  const toRequest = createRequestReader(parts);
  const toErrors = createOperationErrors(isSchemaPublic, log);
  const connections = new Set<Connection>();
  const cookies = new WeakMap<object, string>();
  const acceptor = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    maxPayload: MAX_MESSAGE_BYTES,
    handleProtocols,
  });
  // Emitted before anything is sent.
  acceptor.on('wsClientError', ({ message }) => {
    throw new BffError('BAD_REQUEST', `${message}.`, { headers: VERSION });
  });
  acceptor.on('headers', (headers, raw) => {
    const cookie = cookies.get(raw);
    if (cookie !== undefined) headers.push(`Set-Cookie: ${cookie}`);
  });

  /** Authenticates a connection. @throws BffError; may also reject with it */
  const connect = (request: FastifyRequest, headers: IncomingHttpHeaders) =>
    pipeline.connect({
      id: request.id,
      address: request.ip,
      record: request.record,
      headers,
      readProof: () => readProof(request),
      streamOrigin: originOf(request),
      setCookie: (cookie) => void cookies.set(request.raw, cookie),
    });

  async function subscribe(connection: Connection, payload: unknown) {
    const { request, headers, socket } = connection;
    const record = new RequestRecord();
    try {
      const response = await pipeline.subscribe(
        toRequest(request, {
          protocol: 'websocket',
          input: toOperationInput(payload),
          record,
          headers,
          isConnected: true,
          setCookie: ignore,
          onDisconnect: (listener) => void socket.once('close', listener),
        }),
      );
      if (response.kind === 'stream') return watch(connection, response, record);
      completeOperation(connection, record, response.result.status);
      return (response.result.errors ?? []).map(toGraphQLError);
    } catch (error) {
      rateLimiter.charge(request.ip);
      const { code, status, errors } = toErrors(error, request.id);
      recordRefusal({ record }, code, error instanceof BffError ? error : undefined);
      completeOperation(connection, record, status);
      return errors;
    }
  }

  function watch(connection: Connection, { stream }: StreamResponse, record: RequestRecord) {
    const { socket, streams } = connection;
    record.isStream = true;
    streams.add(stream);
    stream.onEnd((reason) => {
      streams.delete(stream);
      connection.idleSince = performance.now();
      closeFor(reason, socket);
      completeOperation(connection, record, 200);
    });
    return { document: ANY_SUBSCRIPTION, contextValue: stream } as never;
  }

  function completeOperation(connection: Connection, record: RequestRecord, status: number): void {
    const { request, headers } = connection;
    const { id, method } = request;
    const { errorCodes = [] } = record;
    observeOperation(describeCompleted({ record, method, headers }, status));
    if (errorCodes.length > 0) log.info({ reqId: id, errorCodes }, 'subscription refused');
  }

  const protocol = makeServer<{ authorization?: unknown }, Connection>({
    async onConnect({ connectionParams, extra }) {
      const { authorization } = connectionParams ?? {};
      if (authorization === undefined) return;
      if (typeof authorization !== 'string') throw unauthenticated('"authorization" must be text.');
      extra.headers = { ...extra.headers, authorization };
      await connect(extra.request, extra.headers);
    },
    onSubscribe: ({ extra }, _id, payload) => subscribe(extra, payload),
    subscribe: ({ contextValue }) => contextValue as ResultStream as never,
    // The results are formatted already.
    onNext: (_context, _id, _payload, _args, result) => ({ ...toBody(result as never) }) as never,
  });

  function open(socket: WebSocket, request: FastifyRequest): void {
    const { headers, ip: address } = request;
    const idleSince = performance.now();
    const streams = new Set<ResultStream>();
    const connection: Connection = { socket, request, headers, streams, idleSince, isAlive: true };
    connections.add(connection);
    socket.on('error', ignore);
    socket.on('pong', () => {
      connection.isAlive = true;
    });
    const closed = protocol.opened(
      {
        protocol: socket.protocol,
        send: (data) => send(socket, data),
        close: (code = 1_000, reason = '') => close(socket, code, reason),
        onMessage(handle) {
          const receive = async (text: string) => {
            rateLimiter.refuseExhausted({ address });
            admission.refuseExcess();
            rateLimiter.charge(address);
            await handle(text);
          };
          socket.on('message', (data: Buffer) => {
            if (socket.bufferedAmount > MAX_UNREAD_BYTES) return closeFor('slow', socket);
            receive(data.toString()).catch((error) => closeAfterError(error, socket, log));
          });
        },
      },
      connection,
    );
    socket.once('close', (code, reason) => {
      connections.delete(connection);
      void closed(code, String(reason));
      // graphql-ws loses one of two subscriptions if a client uses an id again while the first begins.
      for (const stream of streams) stream.end('client');
    });
  }

  function check(connection: Connection): void {
    const { socket, isAlive, streams, idleSince } = connection;
    connection.isAlive = false;
    const isIdle = streams.size === 0 && performance.now() - idleSince > MAX_IDLE_MS;
    if (!isAlive) socket.terminate();
    else if (isIdle) close(socket, 1_000, 'No subscription is open');
    else socket.ping();
  }

  const timer = setInterval(() => connections.forEach(check), HEARTBEAT_MS).unref();
  app.addHook('preClose', async () => {
    clearInterval(timer);
    for (const { socket } of connections) closeFor('restart', socket);
  });
  routeUpgrades(app, WEBSOCKET_PATH);

  return {
    isUpgrade,
    /** Takes a connection whose handshake is valid and whose credential, if it has one, too. */
    async handle(request: FastifyRequest, reply: FastifyReply): Promise<void> {
      await connect(request, request.headers);
      handOverConnection(reply, ({ socket, head }) => {
        acceptor.handleUpgrade(request.raw, socket, head, (opened) => open(opened, request));
      });
      rateLimiter.charge(request.ip);
      request.record.isStream = true;
    },
  };
}

const ignore = () => undefined;
