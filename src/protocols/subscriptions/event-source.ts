import { randomInt } from 'node:crypto';
import { Readable } from 'node:stream';
import type { ResultStream } from '../../pipeline/index.ts';
import { toBody } from '../graphql-over-http/representation.ts';
import { COMPLETE, HEARTBEAT, toEvent, toRetry } from './event-text.ts';

/** Spreads the clients that connect again after a restart. */
const RETRY_MS = { min: 1_000, max: 5_000 };

/**
 * The text of a subscription's results, for one response. A result is asked for when the client has read
 * those before.
 */
export class EventSourceBody extends Readable {
  readonly #results: ResultStream;
  #isWaiting = false;

  constructor(results: ResultStream) {
    super();
    this.#results = results;
    // Sent at once, because clients wait for the start of the response.
    this.push(randomRetry());
    results.onEnd(() => this.#finish());
  }

  /** Called again after each heartbeat, also while a result is still to come. */
  override _read(): void {
    if (this.#isWaiting) return;
    this.#isWaiting = true;
    this.#results.next().then(
      ({ value }) => {
        this.#isWaiting = false;
        if (value) this.push(toEvent(toBody(value)));
      },
      (error) => this.destroy(error),
    );
  }

  /** Shows that the connection works, unless the client has not read what was sent before. */
  sendHeartbeat(): void {
    if (this.readableLength === 0 && !this.isPaused()) this.push(HEARTBEAT);
  }

  /** Without `complete`, clients connect again. */
  #finish(): void {
    if (this.destroyed) return;
    const last = this.#results.lastResult();
    this.push(last ? toEvent(last) + COMPLETE : randomRetry());
    this.push(null);
  }

  override _destroy(error: Error | null, callback: (error: Error | null) => void): void {
    this.#results.end('client');
    callback(error);
  }
}

const randomRetry = (): string => toRetry(randomInt(RETRY_MS.min, RETRY_MS.max));
