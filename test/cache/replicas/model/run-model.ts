import { setTimeout as sleep } from 'node:timers/promises';
import { createRandom, type Random } from '../../../attack/random.ts';
import { startRedis } from '../../../support/redis.ts';
import { History } from './history.ts';
import { type Defect, startReplica } from './replica.ts';

/** So many that some are not read for seconds after they were written. */
const KEYS = Array.from({ length: 1_500 }, (_, n) => `Item:${n}`);
const CLIENTS = 8;
/** Purges reach the others within 100 ms, and within a second if a message was lost; the rest is for slow machines. */
const STALENESS = { ms: 2_500, disturbedMs: 15_000 };
const MAX_PAUSE_MS = 4;
const MAX_OUTAGE_MS = 3_000;
const STATE = '{frontdesk:tags}:state';
const VERSIONS = '{frontdesk:tags}:versions';

type Replica = Awaited<ReturnType<typeof startReplica>>;

/** What happens besides reads and writes, after which purges arrive as usual. */
export const DISTURBANCES = [
  'a replica is replaced',
  'the state is lost',
  'the versions are lost',
  'everything is lost',
  'subscriptions are cut',
  'a response is damaged',
] as const;
/** Purges may be late after these. */
export const OUTAGES: readonly Disturbance[] = ['Redis hangs', 'Redis restarts'];

export type Disturbance = (typeof DISTURBANCES)[number] | 'Redis hangs' | 'Redis restarts';

interface ModelOptions {
  readonly seed: number;
  readonly seconds: number;
  readonly disturbances: readonly Disturbance[];
  readonly defect?: Defect;
}

export interface ModelResult {
  /** The first answer that was too old; undefined if all were new enough. */
  readonly violation: string | undefined;
  readonly reads: number;
  readonly writes: number;
  readonly counts: Record<(typeof NAMES)[number], number>;
}

/** Where the answers of a replica come from. */
const NAMES = ['memory', 'redis', 'executed'] as const;
/** The time that a slow machine may take longer for an answer of each kind. */
const MAX_OVERTIME_MS = 30_000;

/** Runs clients against two replicas until the time is over or one gets an answer that is too old. */
export async function runModel(options: ModelOptions): Promise<ModelResult> {
  const { seed, seconds, defect = {} } = options;
  await using redis = await startRedis();
  const history = new History(STALENESS);
  const start = () => startReplica(redis.url, history, defect);
  const replicas: Replica[] = [await start(), await start()];
  const retired: Replica[] = [];
  const counts = { memory: 0, redis: 0, executed: 0 };
  const endsAt = performance.now() + seconds * 1_000;
  let violation: string | undefined;
  let reads = 0;
  let writes = 0;
  const client = () => (replicas[0] as Replica).redis.client;
  const hasRun = () => performance.now() > endsAt && NAMES.every(isCounted);
  const isCounted = (name: (typeof NAMES)[number]) =>
    counts[name] + replicas.reduce((sum, replica) => sum + replica.counts[name], 0) > 0;
  const isOver = () =>
    violation !== undefined || hasRun() || performance.now() > endsAt + MAX_OVERTIME_MS;

  async function close(replica: Replica): Promise<void> {
    await replica.close();
    for (const name of NAMES) counts[name] += replica.counts[name];
  }

  async function read(replica: Replica, key: string): Promise<void> {
    const lowest = history.lowestValue(key, replica);
    const value = await replica.read(key);
    reads++;
    if (value < lowest) violation ??= `${key} is ${value}, at least ${lowest} expected`;
  }

  async function write(random: Random): Promise<void> {
    const replica = random.pick(replicas);
    const key = random.pick(KEYS);
    const purged = history.write(key);
    writes++;
    // Some keys are read at once, also while the purge gets its version, and others much later.
    const isReadAtOnce = random.chance(0.3);
    await Promise.all([replica.purge(key), isReadAtOnce && read(replica, key)]);
    purged(replica);
    if (isReadAtOnce) await read(replica, key);
  }

  async function runClient(random: Random): Promise<void> {
    while (!isOver()) {
      const isWrite = random.chance(0.04);
      await (isWrite ? write(random) : read(random.pick(replicas), random.pick(KEYS)));
      await sleep(random.below(MAX_PAUSE_MS));
    }
  }

  /** A new process takes the place of another one, which still finishes what it has begun. */
  async function replaceReplica(random: Random): Promise<void> {
    const index = random.below(replicas.length);
    retired.push(...replicas.splice(index, 1, await start()));
  }

  const disturbances: Record<Disturbance, (random: Random) => Promise<unknown>> = {
    'a replica is replaced': replaceReplica,
    'the state is lost': () => client().del(STATE),
    'the versions are lost': () => client().del(VERSIONS),
    'everything is lost': () => client().flushall(),
    'subscriptions are cut': () => client().call('CLIENT', 'KILL', 'TYPE', 'pubsub'),
    'a response is damaged': (random) => damageResponse(client(), random),
    'Redis hangs': async (random) => {
      redis.pause();
      await sleep(random.below(MAX_OUTAGE_MS));
      redis.resume();
    },
    'Redis restarts': async (random) => {
      await redis.kill();
      await sleep(random.below(MAX_OUTAGE_MS));
      await redis.restart();
    },
  };

  async function disturb(random: Random): Promise<void> {
    const name = random.pick(options.disturbances);
    const delaysPurges = OUTAGES.includes(name);
    if (delaysPurges) history.disturb();
    await disturbances[name](random);
    if (delaysPurges) history.disturb();
  }

  async function runDisturbances(random: Random): Promise<void> {
    while (!isOver()) {
      await sleep(random.below(500));
      await disturb(random).catch(() => undefined);
    }
  }

  const random = createRandom(seed);
  const clients = Array.from({ length: CLIENTS }, (_, n) => runClient(createRandom(seed + n)));
  await Promise.all([...clients, runDisturbances(random)]);
  await Promise.all([...replicas, ...retired].map(close));
  return { violation, reads, writes, counts };
}

/** Replaces a stored response by one that is cut, or by garbage. */
async function damageResponse(client: Replica['redis']['client'], random: Random): Promise<void> {
  const key = random.pick(await client.keys('frontdesk:response:*'));
  const text = (await client.get(key)) ?? '';
  await client.set(key, random.chance(0.5) ? text.slice(0, random.below(text.length)) : 'garbage');
}
