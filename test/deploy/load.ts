import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { Agent, type IncomingMessage, request } from 'node:http';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Json } from '../support/environment.ts';

/** Clients that wait for each response. Orders are fewer, as they are in life. */
const READERS = 16;
const WRITERS = 4;
const READS = ['{ announcements { title } }', '{ profile(id: "42") { name } }'];
const PLACE_ORDER = `mutation ($input: PlaceOrderInput!) {
  placeOrder(input: $input) { order { id } userErrors { code } }
}`;

export interface LoadResult {
  reads: number;
  readonly failedReads: string[];
  /** The ids of the orders that clients got, by idempotency key. */
  readonly orders: Map<string, string>;
  /** The requests that clients sent for each key. */
  readonly attempts: Map<string, number>;
  /** The first requests for a key that failed. */
  readonly failedWrites: string[];
  /** The second requests for a key that failed. */
  readonly lostWrites: string[];
}

/**
 * Reads and places orders until it is stopped or disposed of. A reader never repeats a request. A writer whose request
 * fails repeats it once with the same key, as clients should.
 * @param token - the header `authorization` of the writers
 * @param pauseMs - the pause of each after a response, and before it repeats a request
 */
export function startLoad(url: string, token: string, pauseMs = 0) {
  const agent = new Agent({ keepAlive: true });
  const result: LoadResult = {
    reads: 0,
    failedReads: [],
    orders: new Map(),
    attempts: new Map(),
    failedWrites: [],
    lostWrites: [],
  };
  let isStopped = false;

  async function read(query: string): Promise<void> {
    result.reads++;
    const path = `/graphql?query=${encodeURIComponent(query)}`;
    const failure = await failureOf(send(agent, new URL(path, url)));
    if (failure !== undefined) result.failedReads.push(failure);
  }

  async function placeOrder(): Promise<void> {
    const key = randomUUID();
    const input = {
      idempotencyKey: key,
      currency: 'EUR',
      items: [{ sku: 'BOOK-BREAD', quantity: 1 }],
    };
    const body = JSON.stringify({ query: PLACE_ORDER, variables: { input } });
    const attempt = async () => {
      result.attempts.set(key, (result.attempts.get(key) ?? 0) + 1);
      const data = await send(agent, new URL('/graphql', url), { body, token });
      result.orders.set(key, data.placeOrder.order.id);
    };
    for (const isLast of [false, true]) {
      // Another connection of the process that has just ended may look open still.
      if (isLast && pauseMs > 0) await sleep(pauseMs);
      const failure = await failureOf(attempt());
      if (failure === undefined) return;
      (isLast ? result.lostWrites : result.failedWrites).push(failure);
    }
  }

  const repeat = async (work: () => Promise<void>) => {
    while (!isStopped) {
      await work();
      if (pauseMs > 0) await sleep(pauseMs);
    }
  };
  const done = Promise.all([
    ...Array.from({ length: READERS }, (_, n) => repeat(() => read(READS[n % READS.length] ?? ''))),
    ...Array.from({ length: WRITERS }, () => repeat(placeOrder)),
  ]);
  async function stop(): Promise<LoadResult> {
    isStopped = true;
    await done;
    agent.destroy();
    return result;
  }
  return { result, stop, [Symbol.asyncDispose]: async () => void (await stop()) };
}

interface Mutation {
  readonly body: string;
  readonly token: string;
}

/**
 * @returns the data of a response without errors
 * @throws Error with the response, or with the reason why there is none
 */
async function send(agent: Agent, url: URL, mutation?: Mutation): Promise<Json> {
  const headers = mutation && {
    'content-type': 'application/json',
    authorization: mutation.token,
  };
  const outgoing = request(url, { agent, method: mutation ? 'POST' : 'GET', headers });
  outgoing.end(mutation?.body);
  const [incoming] = (await once(outgoing, 'response')) as [IncomingMessage];
  const { statusCode: status } = incoming;
  const body = await text(incoming);
  const parsed = status === 200 ? JSON.parse(body) : {};
  if (status !== 200 || parsed.errors) throw new Error(`${status} ${body}`);
  return parsed.data;
}

const failureOf = (work: Promise<unknown>): Promise<string | undefined> =>
  work.then(
    () => undefined,
    (error: Error) => error.message,
  );
