import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import type { BffDefinition } from '../../src/bff.ts';
import { until } from '../support/until.ts';
import {
  type Answer,
  type Ask,
  type Asker,
  authorization,
  startWorld,
  type World,
} from '../support/world.ts';
import { startGate } from './invalidation-gate.ts';

export const CACHED = { CACHE_MEMORY_MB: '64' };

/** Something that was asked for, and may be kept. */
export interface Copy extends Ask {
  readonly query: string;
}

export type Copies = Readonly<Record<string, Copy>>;

/** Copies of one asker, by name. */
export const copiesOf = (as: Asker, queries: Readonly<Record<string, string>>): Copies =>
  Object.fromEntries(
    Object.entries(queries).map(([name, query]) => [`${as}: ${name}`, { as, query }]),
  );

/** How an answer came about: `hit`, `stored`, `collapsed`, or `not kept`. */
export const howOf = ({ headers }: Pick<Answer, 'headers'>): string =>
  /; (hit|stored|collapsed)\b/.exec(headers.get('cache-status') ?? '')?.[1] ?? 'not kept';

export const ask = (world: Pick<World, 'ask'>, { query, ...rest }: Copy): Promise<Answer> =>
  world.ask(query, rest);

/** Asks for all, and sees that they are kept. */
export async function keep(world: World, copies: Copies): Promise<void> {
  for (const [name, copy] of Object.entries(copies)) {
    const { body } = await ask(world, copy);
    assert.equal(body.errors, undefined, `${name}: ${JSON.stringify(body.errors)}`);
    assert.equal(howOf(await ask(world, copy)), 'hit', name);
  }
}

/** Sees that this answer is the one that everyone gets from now on. */
export async function seeKept(world: World, copy: Copy, right: Answer): Promise<void> {
  const again = await ask(world, copy);
  assert.equal(howOf(again), 'hit');
  assert.deepEqual(again.body, right.body);
}

/**
 * Asks for all once more, and sees that each is what it would be if nothing were kept.
 * @returns the names of those that came out of the cache
 */
export async function hitsAmong(world: World, copies: Copies): Promise<string[]> {
  const hits: string[] = [];
  for (const [name, copy] of Object.entries(copies)) {
    const answer = await ask(world, copy);
    if (howOf(answer) === 'hit') hits.push(name);
    assert.deepEqual(answer.body, (await askAnew(world, copy)).body, name);
  }
  return hits;
}

/** Asks for the same in another text, which nothing is kept for. */
export const askAnew = (world: World, { query, ...rest }: Copy): Promise<Answer> =>
  world.ask(`${query} # ${randomUUID()}`, rest);

/** The headers of one viewer, whose token is known from now on, so that no request waits for it. */
export async function signIn(world: World, as: Asker): Promise<Record<string, string>> {
  const headers = await authorization(as);
  await world.ask('{ __typename }', { headers });
  return headers;
}

/** Does what makes so many requests, and waits until the BFF is at work on them. */
async function whenCome<T extends object>(world: World, count: number, act: () => T): Promise<T> {
  let come = 0;
  const tell = () => void come++;
  world.app.server.on('request', tell);
  const done = act();
  await until(() => come === count);
  world.app.server.off('request', tell);
  // Whoever comes after them is answered.
  await (await fetch(`${world.url}/healthz`)).text();
  return done;
}

/**
 * Asks for all at the same time.
 * @returns when the BFF is at work on them: what they will be answered, in their order
 */
export const send = (world: World, ...copies: Copy[]): Promise<{ answers: Promise<Answer[]> }> =>
  whenCome(world, copies.length, () => ({
    answers: Promise.all(copies.map((copy) => ask(world, copy))),
  }));

/**
 * Asks, over a connection that the asker leaves.
 * @returns when the BFF is at work on it: what to call to leave, and to see that the BFF knows
 */
export function sendToLeave(world: World, { query, headers }: Copy) {
  const leaving = new AbortController();
  const gone = new Promise<void>((resolve) => {
    world.app.server.once('request', (_request, response) => response.once('close', resolve));
  });
  return whenCome(world, 1, () => {
    const asked = fetch(world.endpoint, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify({ query }),
      signal: leaving.signal,
    });
    const leave = async () => {
      leaving.abort();
      await Promise.all([assert.rejects(asked), gone]);
    };
    return { leave };
  });
}

/** A world with a gate in front of each service. */
export async function startGated(bff: BffDefinition, env: NodeJS.ProcessEnv = {}) {
  await using started = new AsyncDisposableStack();
  const gate = async () => started.use(await startGate());
  const gates = { user: await gate(), order: await gate(), notification: await gate() };
  const world = started.use(
    await startWorld(bff, {
      ...CACHED,
      USER_SERVICE_URL: gates.user.url,
      ORDER_SERVICE_URL: gates.order.url,
      NOTIFICATION_SERVICE_URL: gates.notification.url,
      // What is kept back must not be given up, however long a slow machine takes.
      UPSTREAM_ATTEMPT_TIMEOUT_MS: '30000',
      REQUEST_DEADLINE_MS: '30000',
      ...env,
    }),
  );
  for (const name of ['user', 'order', 'notification'] as const) {
    gates[name].to(world.services[name].listeningOrigin);
  }
  const rest = started.move();
  return { ...world, gates, [Symbol.asyncDispose]: () => rest.disposeAsync() };
}

export type Gated = Awaited<ReturnType<typeof startGated>>;
