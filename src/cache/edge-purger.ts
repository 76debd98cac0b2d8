import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises';
import got from 'got';
import type { Log } from '../telemetry/log.ts';
import type { EdgePurgeCounter } from '../telemetry/metrics/index.ts';
import { TagQueue } from './tag-queue.ts';

const REQUEST_TIMEOUT_MS = 2_000;
const CLOSE_TIMEOUT_MS = 2_000;
const RETRY_MS = { first: 100, max: 5_000 };
/**
 * A response that the BFF sent before a purge can arrive at the edge after it, and would stay there. So
 * each tag is purged again after one to two times this period.
 */
const REPEAT_MS = 1_000;

/** Sends purged tags to the shared caches in front of the BFF. */
export interface EdgePurger {
  /** Returns at once. The tags are sent soon, and again until each edge has accepted them. */
  readonly purge: (tags: readonly string[]) => void;
  /** Sends what remains, for a few seconds at most and as long as the edges accept it. */
  readonly close: () => Promise<void>;
}

interface EdgePurgerOptions {
  /** The purge endpoint of each edge. */
  readonly urls: readonly URL[];
  readonly token: string | undefined;
  readonly log: Pick<Log, 'warn'>;
  /** Creates the counter of one edge. */
  readonly countFor: (edge: string) => EdgePurgeCounter;
}

/**
 * Creates the forwarder of purges to edges that know responses by surrogate keys. A purge is a `POST` with
 * `Surrogate-Key: Order:17 orders`, which Fastly accepts, and Varnish with deploy/varnish.
 */
export function createEdgePurger({ urls, token, log, countFor }: EdgePurgerOptions): EdgePurger {
  const client = got.extend({
    // Purges are rare, and an edge may just be closing a connection that is reused.
    agent: { http: new HttpAgent(), https: new HttpsAgent() },
    method: 'POST',
    // Fastly reads its own header.
    headers: token ? { authorization: `Bearer ${token}`, 'fastly-key': token } : {},
    followRedirect: false,
    retry: { limit: 0 },
    throwHttpErrors: false,
  });
  const edges = urls.map((url) => {
    const send = async (tags: readonly string[], timeoutMs: number) => {
      const { statusCode } = await client(url, {
        headers: { 'surrogate-key': tags.join(' ') },
        timeout: { request: timeoutMs },
      });
      if (statusCode < 200 || statusCode > 299) throw new Error(`status ${statusCode}`);
    };
    const { host } = url;
    return new Edge(send, countFor(host), (fields, message) =>
      log.warn({ edge: host, ...fields }, message),
    );
  });
  return {
    purge(tags) {
      for (const edge of edges) edge.purge(tags);
    },
    async close() {
      await Promise.all(edges.map((edge) => edge.close()));
    },
  };
}

/** @throws Error if the edge did not accept the tags */
type Send = (tags: readonly string[], timeoutMs: number) => Promise<void>;

/** Sends purges to one edge, one request at a time. Tags that are purged meanwhile leave together. */
class Edge {
  readonly #send: Send;
  readonly #count: EdgePurgeCounter;
  readonly #log: (fields: object, message: string) => void;
  readonly #purged = new TagQueue();
  /** Tags whose second purge is due. */
  readonly #repeated = new TagQueue();
  /** Tags that the edge has accepted once, in this period and in the one before. */
  readonly #accepted = { now: new TagQueue(), before: new TagQueue() };
  readonly #closing = new AbortController();
  #repeatTimer: NodeJS.Timeout | undefined;
  #sending: Promise<void> | undefined;
  #failures = 0;

  constructor(send: Send, count: EdgePurgeCounter, log: (fields: object, message: string) => void) {
    this.#send = send;
    this.#count = count;
    this.#log = log;
  }

  purge(tags: readonly string[]): void {
    this.#purged.add(tags);
    this.#start();
  }

  async close(): Promise<void> {
    this.#closing.abort();
    clearTimeout(this.#repeatTimer);
    await this.#sending;
    const { now, before } = this.#accepted;
    this.#repeated.add([...before.takeAll(), ...now.takeAll()]);
    const end = performance.now() + CLOSE_TIMEOUT_MS;
    let isAccepted = true;
    while (isAccepted && this.#waiting > 0) {
      isAccepted = await this.#sendBatch(Math.max(1, end - performance.now()));
    }
    if (this.#purged.size > 0) this.#log({ tags: this.#purged.size }, 'edge purges lost');
  }

  get #waiting(): number {
    return this.#purged.size + this.#repeated.size;
  }

  #start(): void {
    if (this.#closing.signal.aborted) return;
    this.#sending ??= this.#sendAll().finally(() => {
      this.#sending = undefined;
    });
  }

  /** Ends when nothing waits, or when the edge is closed. */
  async #sendAll(): Promise<void> {
    const { signal } = this.#closing;
    // After the response of the mutation, and together with the purges of the same turn.
    await turn();
    while (this.#waiting > 0 && !signal.aborted) {
      if (await this.#sendBatch(REQUEST_TIMEOUT_MS)) continue;
      const delayMs = Math.min(RETRY_MS.first * 2 ** (this.#failures - 1), RETRY_MS.max);
      await sleep(delayMs * (0.5 + Math.random() / 2), undefined, { ref: false, signal }).catch(
        () => {},
      );
    }
  }

  /** @returns false if the edge did not accept the batch, whose tags then wait again */
  async #sendBatch(timeoutMs: number): Promise<boolean> {
    const queue = this.#purged.size > 0 ? this.#purged : this.#repeated;
    const tags = queue.take();
    try {
      await this.#send(tags, timeoutMs);
    } catch (error) {
      queue.add(tags);
      this.#count('failed');
      if (this.#failures++ === 0) {
        this.#log({ reason: (error as Error).message }, 'edge unavailable: purges are retried');
      }
      return false;
    }
    this.#count('delivered');
    if (this.#failures > 0) this.#log({}, 'edge available again');
    this.#failures = 0;
    if (queue === this.#purged) this.#repeatLater(tags);
    return true;
  }

  #repeatLater(tags: readonly string[]): void {
    this.#accepted.now.add(tags);
    this.#repeatTimer ??= setTimeout(() => this.#endPeriod(), REPEAT_MS).unref();
  }

  #endPeriod(): void {
    const { now, before } = this.#accepted;
    this.#repeatTimer = undefined;
    this.#repeated.add(before.takeAll());
    before.add(now.takeAll());
    if (before.size > 0) {
      this.#repeatTimer = setTimeout(() => this.#endPeriod(), REPEAT_MS).unref();
    }
    if (this.#repeated.size > 0) this.#start();
  }
}
