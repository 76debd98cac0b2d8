import type { ClientTls } from '../config/index.ts';
import { BffError } from '../errors.ts';
import type { UpstreamMetrics } from '../telemetry/metrics/index.ts';
import type { CallContext } from './call-context.ts';
import type { createBreaker } from './circuit-breaker.ts';
import { discardBody } from './client.ts';
import { foreignIssuerError, toBffError, UpstreamFailure } from './errors.ts';
import { observeAccess } from './observe-call.ts';
import type { CallPolicy } from './resilience.ts';
import type {
  SendOptions,
  StreamClient,
  StreamedRequest,
  StreamedResponse,
} from './stream-client.ts';
import type { Destination, OutgoingCall, Transport } from './transport.ts';
import type { ViewerAssertion } from './viewer-assertion.ts';
import { abandoned } from './waiter-group.ts';
import { type createWriteRunner, waitersOf, writeTiming } from './write.ts';

/** A request to forward. */
export interface ForwardedRequest {
  readonly method: OutgoingCall['method'];
  /** Path and query, encoded. */
  readonly target: string;
  /** The tags of all data that it changes, if it is a write. */
  readonly tags: readonly string[];
  /** Changes the JSON body of the response. */
  readonly changeBody?: ((bytes: Uint8Array) => string) | undefined;
  /**
   * Builds the request to the instance that was selected for it.
   * @param headers - those of every call, which must not be left out
   */
  readonly build: (to: Pick<Destination, 'headers'> & { url: string }) => StreamedRequest;
}

/**
 * Forwards a request.
 * @returns the response, when it begins
 * @throws BffError UPSTREAM_TIMEOUT or UPSTREAM_UNAVAILABLE; for a write, the message says if it may have
 *   been applied. FORBIDDEN for a viewer whose token is not exchanged
 */
export type Forward = (request: ForwardedRequest, call: CallContext) => Promise<StreamedResponse>;

interface ForwardParts {
  /** The upstream's name. */
  readonly name: string;
  readonly attemptTimeoutMs: number;
  readonly writeTimeoutMs: number;
  readonly metrics: UpstreamMetrics;
  readonly transport: Transport;
  readonly readBreaker: (operation: string) => ReturnType<typeof createBreaker>;
  readonly runnerFor: ReturnType<typeof createWriteRunner>;
  readonly callPolicy: CallPolicy;
  readonly viewerHeaders: ViewerAssertion;
  readonly viewerTokenOf: (call: CallContext) => string | undefined;
  readonly isOfForeignIssuer: (call: CallContext) => boolean;
}

const SAFE_METHODS: readonly string[] = ['GET', 'HEAD'];

/**
 * Creates the operations that forward requests as they are. Each request is sent once, on the viewer's
 * behalf, and aborted when its client leaves. The deadline, the timeout and the circuit are about the time
 * until the response begins; the instance and a slot of the bulkhead stay taken until its body has ended.
 */
export function createForwardOperations(parts: ForwardParts) {
  const { name, attemptTimeoutMs, writeTimeoutMs, metrics, transport, callPolicy } = parts;
  const { readBreaker, runnerFor, viewerHeaders, viewerTokenOf, isOfForeignIssuer } = parts;
  const declared = new Map<string, Forward>();
  let clients: Promise<ReturnType<typeof createClients>> | undefined;

  async function exchange(
    { target, build, changeBody }: ForwardedRequest,
    { baseUrl, headers, tls }: Destination,
    options: Pick<SendOptions, 'signal' | 'timeoutMs'>,
  ) {
    const client = (await clients)?.clientFor(tls);
    if (!client) throw abandoned();
    const request = build({ url: baseUrl + target, headers });
    const response = await client.send(request, { ...options, changeBody });
    return { status: response.status, value: response, ended: response.ended };
  }

  /** Sends a request once. */
  function createSender(request: ForwardedRequest, outgoing: Omit<OutgoingCall, 'target'>) {
    const { timeoutMs } = outgoing;
    let begun: StreamedResponse | undefined;
    let isDiscarded = false;

    async function sendTo(call: CallContext, signal: AbortSignal, resolve: Resolve) {
      const { value: response, ended } = await transport.attempt(
        outgoing,
        waitersOf(call, signal),
        (destination) => exchange(request, destination, { signal, timeoutMs }),
      );
      begun = response;
      // Its request may have ended while the response of a probe was awaited.
      if (isDiscarded) discardBody(response.body);
      resolve(response);
      await ended?.catch(() => {});
    }

    return {
      async send(call: CallContext): Promise<StreamedResponse> {
        const controller = new AbortController();
        const abort = () => controller.abort(abandoned());
        const stopListening = call.deadline.onDone(abort);
        if (call.deadline.isDone) abort();
        const { signal } = controller;
        const { promise, resolve, reject } = Promise.withResolvers<StreamedResponse>();
        callPolicy.write(() => sendTo(call, signal, resolve), signal).catch(reject);
        return promise.finally(stopListening);
      },
      discard(): void {
        isDiscarded = true;
        if (begun) discardBody(begun.body);
      },
    };
  }

  function createForward(route: string): Forward {
    const [reading, writing] = [`read ${route}`, `write ${route}`];
    const breaker = readBreaker(reading);
    metrics.watch({ upstream: name, operation: reading, circuit: breaker.state });
    const runWrite = runnerFor(writing);

    return async (request, call) => {
      if (isOfForeignIssuer(call)) throw foreignIssuerError();
      const { method, tags } = request;
      const isRead = SAFE_METHODS.includes(method);
      const operation = isRead ? reading : writing;
      const timing = isRead
        ? { minBudgetMs: attemptTimeoutMs, timeoutMs: attemptTimeoutMs }
        : writeTiming(writeTimeoutMs);
      const headers = await viewerHeaders(call.viewer);
      const viewer = { isForViewer: true, viewerToken: viewerTokenOf(call) };
      const outgoing = { operation, method, headers, ...viewer, ...timing };
      const sender = createSender(request, outgoing);
      const tagsOf = (response?: StreamedResponse) => (isRefusal(response) ? [] : tags);
      try {
        return await observeAccess(`${name}.${operation}`, call, (call) =>
          isRead
            ? call.deadline.wait(breaker.run(call, sender.send)).catch(rethrow)
            : runWrite(tagsOf, call, sender.send),
        );
      } catch (error) {
        sender.discard();
        throw withStatus(error);
      }
    };
  }

  return {
    /** Declares the requests of a path. Routes of the same path share its circuits. */
    declare(route: string): Forward {
      // The library takes memory and time to load, which a process without routes saves.
      clients ??= import('./stream-client.ts').then(createClients);
      let forward = declared.get(route);
      if (!forward) {
        forward = createForward(route);
        declared.set(route, forward);
      }
      return forward;
    },
    close: () => void clients?.then(({ close }) => close()),
  };
}

type Resolve = (response: StreamedResponse) => void;

/** The clients for the certificates of one upstream, of which new ones replace the old. */
function createClients({ createStreamClient }: typeof import('./stream-client.ts')) {
  const all = new Map<ClientTls, StreamClient>();
  return {
    clientFor(tls: ClientTls): StreamClient {
      let client = all.get(tls);
      if (!client) {
        // It ends after its requests.
        for (const old of all.values()) void old.close();
        all.clear();
        client = createStreamClient(tls);
        all.set(tls, client);
      }
      return client;
    },
    close() {
      for (const client of all.values()) void client.destroy();
    },
  };
}

/** A status that says that nothing was changed. */
const isRefusal = (response: StreamedResponse | undefined): boolean =>
  response !== undefined && response.status >= 400;

/** Gives the error for a response that is there, but cannot be sent on, a status of its own. */
function withStatus(error: unknown): unknown {
  const isMalformed =
    error instanceof BffError &&
    error.cause instanceof UpstreamFailure &&
    error.cause.kind === 'malformed';
  if (!isMalformed) return error;
  const { code, message, cause } = error;
  return new BffError(code, message, { cause, status: 502 });
}

function rethrow(error: unknown): never {
  throw toBffError(error);
}
