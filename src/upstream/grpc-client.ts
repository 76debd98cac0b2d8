import {
  type DescMethod,
  type DescMethodUnary,
  type DescService,
  fromJson,
  type JsonObject,
  toJson,
} from '@bufbuild/protobuf';
import { Code, ConnectError } from '@connectrpc/connect';
import { createGrpcTransport, Http2SessionManager } from '@connectrpc/connect-node';
import type { ClientTls } from '../config/index.ts';
import {
  type ClientCall,
  type ClientReply,
  ClosedConnection,
  checkStatus,
  MAX_WRITE_IDLE_MS,
  malformed,
  maxResponseBytes,
  sendWithRepeat,
  type UpstreamClient,
} from './client.ts';
import { UpstreamFailure } from './errors.ts';
import { freshnessOf } from './freshness.ts';

/** The HTTP statuses that stand for gRPC statuses (google/rpc/code.proto). */
const HTTP_STATUSES: Readonly<Record<Code, number>> = {
  // By the upstream or a proxy, which may have processed the call: what this client cancels ends otherwise.
  [Code.Canceled]: 503,
  [Code.Unknown]: 500,
  [Code.InvalidArgument]: 400,
  [Code.DeadlineExceeded]: 504,
  [Code.NotFound]: 404,
  [Code.AlreadyExists]: 409,
  [Code.PermissionDenied]: 403,
  [Code.ResourceExhausted]: 429,
  [Code.FailedPrecondition]: 400,
  [Code.Aborted]: 409,
  [Code.OutOfRange]: 400,
  [Code.Unimplemented]: 501,
  [Code.Internal]: 500,
  [Code.Unavailable]: 503,
  [Code.DataLoss]: 500,
  [Code.Unauthenticated]: 401,
};

/** A connection for reads that was silent for longer than the interval is verified by a PING first. */
const TIMES = {
  read: { pingIntervalMs: 10_000, pingTimeoutMs: 1_000 },
  write: { idleConnectionTimeoutMs: MAX_WRITE_IDLE_MS },
};
const SETTINGS = { enablePush: false };
/** The message of a response that did not come from a gRPC service, such as one of a proxy. */
const PLAIN_HTTP = /^HTTP (\d{3})$/;
const STREAM_RESET = /^http\/2 stream closed/;
const REFUSED_STREAM = /^(http\/2 s|S)tream closed .*REFUSED_STREAM/;

/**
 * Creates the gRPC client of one upstream: unary methods over HTTP/2, with one connection to each
 * instance for reads, and one for writes that are not far apart. The operation's name is that of the
 * method. The fields of the request message are the parameters and the JSON body of the call. The
 * response message becomes JSON in which empty fields are present, so that a datasource decodes the same
 * as over HTTP.
 *
 * It repeats a call in two cases, which are not failures of the upstream: a read on a reused connection
 * that the upstream closed, and a call that it refused to process, for example because it shuts down.
 */
export function createGrpcClient(service: DescService, tls: ClientTls = {}): UpstreamClient {
  const connections = {
    read: new Map<string, Http2SessionManager>(),
    write: new Map<string, Http2SessionManager>(),
  };

  function connectionFor(method: ClientCall['method'], baseUrl: string): Http2SessionManager {
    const kind = method === 'GET' ? 'read' : 'write';
    let connection = connections[kind].get(baseUrl);
    if (!connection) {
      connection = new Http2SessionManager(baseUrl, TIMES[kind], { ...tls, settings: SETTINGS });
      connections[kind].set(baseUrl, connection);
    }
    return connection;
  }

  async function send(call: ClientCall, signal: AbortSignal): Promise<ClientReply> {
    const method = service.method[call.operation];
    if (!isUnary(method)) {
      throw new Error(`${service.typeName} has no unary method ${call.operation}`);
    }
    const request = fromJson(method.input, {
      ...call.target.parameters,
      ...call.json,
    } as JsonObject);
    const baseUrl = call.baseUrl.replace(/^grpc/, 'http');
    const connection = connectionFor(call.method, baseUrl);
    const isReused = isConnected(connection);
    const transport = createGrpcTransport({
      baseUrl,
      sessionManager: connection,
      readMaxBytes: maxResponseBytes(call),
      // A compressed message could expand without bounds.
      acceptCompression: [],
    });
    using attempt = startAttempt(call.timeoutMs, signal);
    try {
      const metadata = toMetadata(call.headers);
      const reply = await transport.unary(method, attempt.signal, undefined, metadata, request);
      const body = toJson(method.output, reply.message, { alwaysEmitImplicit: true }) as object;
      return { status: 200, body, freshness: freshnessOf(200, Object.fromEntries(reply.header)) };
    } catch (error) {
      const failure = attempt.failure();
      if (failure) {
        // Another attempt to connect may succeed before one that hangs.
        if (connection.state() === 'connecting') connection.abort();
        throw failure;
      }
      const isLost = isReused && call.method === 'GET' && !isConnected(connection);
      if (isLost || isRefused(error)) throw new ClosedConnection(error);
      return toReply(error);
    }
  }

  return {
    send: (call, signal) => sendWithRepeat(call, (call) => send(call, signal)),
    close() {
      for (const kind of Object.values(connections)) {
        for (const connection of kind.values()) connection.abort();
      }
    },
  };
}

/** True if the upstream has not processed the call (RFC 9113 §8.7). */
const isRefused = (error: unknown): boolean =>
  error instanceof ConnectError && REFUSED_STREAM.test(error.rawMessage);

const isConnected = (connection: Http2SessionManager): boolean =>
  connection.state() === 'open' || connection.state() === 'idle';

const isUnary = (method: DescMethod | undefined): method is DescMethodUnary =>
  method?.methodKind === 'unary';

/** Ends a call with a failure: the one of `signal`, or `timeout`. Disposal ends the timer. */
function startAttempt(timeoutMs: number, signal: AbortSignal) {
  const controller = new AbortController();
  let failure: UpstreamFailure | undefined;
  const end = (reason: UpstreamFailure) => {
    failure = reason;
    // The code with which the library cancels the stream.
    controller.abort(new ConnectError(reason.message, Code.Canceled));
  };
  const onAbort = () => end(signal.reason);
  const timer = setTimeout(
    () => end(new UpstreamFailure('timeout', `no response within ${timeoutMs} ms`)),
    timeoutMs,
  );
  if (signal.aborted) onAbort();
  else signal.addEventListener('abort', onAbort);
  return {
    signal: controller.signal,
    failure: () => failure,
    [Symbol.dispose]() {
      clearTimeout(timer);
      signal.removeEventListener('abort', onAbort);
    },
  };
}

/** The remaining time has a name and a form of its own in gRPC. */
function toMetadata({ 'x-request-timeout-ms': timeoutMs, ...headers }: ClientCall['headers']) {
  return { ...headers, ...(timeoutMs && { 'grpc-timeout': `${timeoutMs}m` }) };
}

/**
 * @returns the reply for a gRPC status that is about the request itself
 * @throws UpstreamFailure
 */
function toReply(error: unknown): ClientReply {
  if (!(error instanceof ConnectError)) throw malformed('invalid message', error);
  const { code, rawMessage, metadata, cause } = error;
  if (metadata.has('grpc-status')) {
    const status = HTTP_STATUSES[code];
    checkStatus(status, `gRPC status ${Code[code]}`);
    return { status, body: {}, freshness: undefined };
  }
  const [, httpStatus] = PLAIN_HTTP.exec(rawMessage) ?? [];
  if (httpStatus) checkStatus(Number(httpStatus));
  const isConnectionError =
    code === Code.Unavailable ||
    STREAM_RESET.test(rawMessage) ||
    (cause instanceof Error && 'code' in cause);
  if (isConnectionError) throw new UpstreamFailure('connection', rawMessage, { cause });
  throw malformed(rawMessage, error);
}
