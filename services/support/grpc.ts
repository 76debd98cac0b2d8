import { constants, type Http2ServerRequest, type Http2ServerResponse } from 'node:http2';
import {
  type DescMethod,
  type DescMethodUnary,
  type DescService,
  fromJson,
  type JsonValue,
  toJson,
} from '@bufbuild/protobuf';
import { ConnectError, createConnectRouter } from '@connectrpc/connect';
import {
  universalRequestFromNodeRequest,
  universalResponseToNodeResponse,
} from '@connectrpc/connect-node';
import { delay } from './apply-fault.ts';
import type { Authenticator } from './authenticator.ts';
import type { ControlInternals } from './control.ts';
import type { EventPublisher } from './event-publisher.ts';
import { derivesFromResponse } from './faults.ts';
import { applyGrpcFault, toCode } from './grpc-faults.ts';
import type { Operation } from './operation.ts';
import { Problem } from './problem.ts';

interface Parts {
  readonly authenticator: Authenticator;
  readonly control: ControlInternals;
  readonly publisher: EventPublisher;
}

const NO_REPLY = { code: () => {} };

/**
 * Serves operations over gRPC (HTTP/2), each as the unary method of its name. The fields of a request
 * message are the parameters or the body of the operation, those of a response message its JSON.
 */
export function createGrpcListener(
  service: DescService,
  operations: readonly Operation[],
  { authenticator, control, publisher }: Parts,
) {
  const router = createConnectRouter({ connect: false, grpcWeb: false });
  for (const operation of operations.filter(({ isHttpOnly }) => !isHttpOnly)) {
    const method = service.method[operation.name];
    if (!isUnary(method)) throw new Error(`${service.typeName} has no method ${operation.name}`);
    router.rpc(method, async (message, { requestHeader }) => {
      const request = { headers: Object.fromEntries(requestHeader) };
      const json = toJson(method.input, message);
      const input = { ...request, params: {}, ...toInput(operation, json) };
      try {
        await authenticator.authenticate(operation, request);
        const viewer = authenticator.viewerOf(request);
        const { response, changedTags, event } = await operation.run(input, NO_REPLY, viewer);
        await publisher.publish(changedTags, event);
        return fromJson(method.output, response as JsonValue);
      } catch (error) {
        throw error instanceof Problem ? toConnectError(error) : error;
      }
    });
  }
  const handlers = new Map(router.handlers.map((handler) => [handler.requestPath, handler]));

  async function respond(request: Http2ServerRequest, response: Http2ServerResponse) {
    const handler = handlers.get(request.url);
    const { stream } = response;
    const end = control.begin(handler?.method.localName ?? 'unmatched', request);
    let isReset = false;
    const reset = () => {
      isReset = true;
      stream.close(constants.NGHTTP2_INTERNAL_ERROR);
    };
    response.once('close', () => end(stream.aborted && !isReset));
    if (!handler) return void response.writeHead(404).end();

    const { delayMs = 0, fault } = control.selectFault(handler.method.localName) ?? {};
    if (delayMs > 0) await delay(delayMs, response);
    // The operation must not run for a client that disconnected during the delay.
    if (stream.destroyed) return;
    const run = () =>
      handler(universalRequestFromNodeRequest(request, response, undefined, undefined));
    const runsFirst = !fault || fault.afterWork || derivesFromResponse(fault);
    const intact = runsFirst ? await run() : undefined;
    const sent = fault ? await applyGrpcFault(fault, handler.method.output, intact, reset) : intact;
    if (sent && !stream.destroyed) await universalResponseToNodeResponse(sent, response);
  }

  return (request: Http2ServerRequest, response: Http2ServerResponse): void => {
    respond(request, response).catch((error) => {
      // Fails if the client disconnects in the middle of a response.
      if (!response.stream.destroyed) response.stream.destroy(error);
    });
  };
}

const isUnary = (method: DescMethod | undefined): method is DescMethodUnary =>
  method?.methodKind === 'unary';

/** The fields of a message that has the parameters of a query. */
type Parameters = Record<string, string | number | boolean | string[]>;

/** The message of a read has the parameters of its query, which are texts; that of a write its body. */
function toInput({ method }: Operation, json: JsonValue) {
  if (method !== 'GET') return { query: {}, body: json };
  const query = Object.entries(json as Parameters).map(([name, value]) => [name, toText(value)]);
  return { query: Object.fromEntries(query), body: undefined };
}

/** Lists have commas, and those in an item are encoded. */
const toText = (value: Parameters[string]): string =>
  Array.isArray(value) ? value.map(encodeItem).join(',') : String(value);

const encodeItem = (item: string): string => item.replace(/[%,]/g, encodeURIComponent);

const toConnectError = ({ status, message }: Problem) => new ConnectError(message, toCode(status));
