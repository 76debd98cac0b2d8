import type { ExecutionResult } from '../cache/index.ts';
import { BffError, toClientError } from '../errors.ts';
import type { EndReason, EventStream } from '../events/index.ts';
import type { ServiceEvent } from '../service-event.ts';
import type { Viewer } from '../viewer.ts';

interface ResultStreamParts {
  readonly requestId: string;
  readonly events: EventStream;
  /** Reads the viewer from the credential once more. @throws BffError; may also reject with it */
  readonly recheck: () => Viewer | Promise<Viewer>;
  readonly execute: (viewer: Viewer, event: ServiceEvent) => Promise<ExecutionResult>;
  /** Called for each result that is handed over. */
  readonly onResult: (result: ExecutionResult) => void;
}

/**
 * The results of a subscription. An event is executed when its result is asked for, so that a client that
 * reads slowly makes events wait, never results; and only after the credential was read once more.
 */
export class ResultStream implements AsyncIterableIterator<ExecutionResult, undefined, undefined> {
  readonly #parts: ResultStreamParts;
  #delivered = 0;

  constructor(parts: ResultStreamParts) {
    this.#parts = parts;
  }

  /** The numbers of events that the client has got, and not got. */
  get counts(): { readonly delivered: number; readonly dropped: number } {
    return { delivered: this.#delivered, dropped: this.#parts.events.dropped };
  }

  /** Called again only after the last result. */
  async next(): Promise<IteratorResult<ExecutionResult, undefined>> {
    const { events, execute, onResult } = this.#parts;
    const { value: event } = await events.next();
    const viewer = event && (await this.#readViewer('unavailable'));
    if (!event || !viewer) return DONE;
    const result = await execute(viewer, event);
    if (events.endReason) return DONE;
    this.#delivered++;
    onResult(result);
    return { value: result, done: false };
  }

  /** Ends the stream if its credential is not valid anymore. */
  async checkCredential(): Promise<void> {
    await this.#readViewer(undefined);
  }

  /**
   * @param otherwise - the reason for the end if the credential can't be verified; undefined to continue
   * @returns undefined if it can't be verified, or is not valid
   */
  async #readViewer(otherwise: EndReason | undefined): Promise<Viewer | undefined> {
    try {
      return await this.#parts.recheck();
    } catch (error) {
      const reason = isRefusal(error) ? 'credential' : otherwise;
      if (reason) this.end(reason);
      return undefined;
    }
  }

  /** Calls the listener once, at the end, before the last result is handed over. */
  onEnd(listener: (reason: EndReason) => void): void {
    this.#parts.events.onEnd(listener);
  }

  end(reason: EndReason): void {
    this.#parts.events.end(reason);
  }

  /** The last result of a stream whose client has to do something about its end; undefined for others. */
  lastResult() {
    const reason = this.#parts.events.endReason;
    if (reason !== 'credential' && reason !== 'slow') return undefined;
    const { code, message } = END_ERRORS[reason];
    return { errors: [toClientError(code, message, this.#parts.requestId, { reason })] };
  }

  async return(): Promise<IteratorResult<ExecutionResult, undefined>> {
    this.end('client');
    return DONE;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}

const DONE = { value: undefined, done: true } as const;

const END_ERRORS = {
  credential: {
    code: 'UNAUTHENTICATED',
    message: 'The token, session or key is not valid anymore: subscribe again with a new one.',
  },
  slow: {
    code: 'OVERLOADED',
    message: 'Events were read too slowly: load the data again, and subscribe again.',
  },
} as const;

const isRefusal = (error: unknown): boolean =>
  error instanceof BffError && (error.code === 'UNAUTHENTICATED' || error.code === 'FORBIDDEN');
