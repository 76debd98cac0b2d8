import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import pino from 'pino';
import { createSharedTags, parsePurgeMessage } from '../../src/cache/replicas/shared-tags.ts';
import { TagVersions } from '../../src/cache/tag-versions.ts';
import { Versions } from '../../src/cache/versions.ts';
import { redisUrl } from '../../src/config/parsers.ts';
import { createRedis, type SharedRedis } from '../../src/redis/client.ts';
import { createRedisCounter } from '../../src/traffic/rate-limit/redis-counter.ts';
import { chooseCores, pinSelf } from '../harness/cores.ts';
import { describeMachine, today } from '../harness/machine.ts';
import { runOnCore } from '../harness/pinned-process.ts';
import { startRedis } from '../harness/redis.ts';
import { measureBatching } from './measure-batching.ts';

// npm run bench -- scaling measure: the costs that the model needs and no other bench measures. Redis
// has a core of its own; its CPU is that of its main thread (INFO cpu), system calls included, per
// command. Commands are the product's: its scripts are recorded with a client that sends nothing. The
// results are in costs.json.

/** A dashboard with its metadata, as text. */
const ENTRY_BYTES = 2_900;
const CONNECTIONS = 64;
const COMMANDS = 60_000;
const PUBLISHED = 3_000;
const SUBSCRIBERS = [1, 10, 100, 1_000];
const RATE_LIMIT_KEYS = [1, 2, 8];
/** Of a purge that a mutation of one user's data causes. */
const TAGS = ['Order:1__rand_int__', 'orders:user=1__rand_int__', 'unread:user=1__rand_int__'];
/** Purged tags whose versions are kept. */
const MAX_TAGS = 100_000;
const RANDOM = ['-r', '1000000'];

type Args = readonly (string | number)[];

/** Measures all costs, and writes them to a file. */
export async function measureCosts(file: URL): Promise<void> {
  const cores = chooseCores();
  pinSelf(cores.load);
  const url = new URL(await startRedis(cores.server));
  const address = redisUrl.parse(url.href);
  const redis = await createRedis(address, pino({ level: 'silent' }), { timeoutMs: 5_000 });
  const measure = async (args: Args, count = COMMANDS) => {
    const before = await mainThreadSeconds(redis);
    const size = ['-p', url.port, '-c', CONNECTIONS, '-n', count, ...RANDOM, '-q'].map(String);
    await runOnCore(cores.load, 'redis-benchmark', [...size, ...args.map(String)]);
    return toMicroseconds((await mainThreadSeconds(redis)) - before, count);
  };

  const text = 'x'.repeat(ENTRY_BYTES);
  const [set, get] = [
    await measure(['set', 'key:__rand_int__', text, 'PX', 60_000]),
    await measure(['get', 'key:__rand_int__']),
  ];
  const missingGet = await measure(['get', 'none:__rand_int__']);
  const ping = await measure(['ping']);
  const rateLimit: Record<string, number> = {};
  for (const keys of RATE_LIMIT_KEYS) rateLimit[keys] = await measure(await rateLimitCommand(keys));
  await measure(await purgeCommand()); // Fills the versions of tags.
  const purge = await measure(await purgeCommand());
  const poll = await measure(await pollCommand());

  const publish: Record<string, number> = {};
  const message = await purgeMessage(redis);
  for (const count of SUBSCRIBERS)
    publish[count] = await measurePublish(url, redis, message, count);

  const costs = {
    machine: describeMachine(),
    date: today(),
    redis: execFileSync('redis-server', ['--version'], { encoding: 'utf8' }).split(/v=| sha/)[1],
    redisMicroseconds: { get, missingGet, set, ping, rateLimit, purge, poll, publish },
    replicaMicroseconds: {
      get: await measureClient(redis, text),
      ...measureReceive(message),
    },
    rateLimitBatching: await measureBatching(cores),
    bytes: {
      entry: ENTRY_BYTES,
      purgeMessage: framed(['message', '{frontdesk:tags}:purges', message]),
      purgeCommand: framed(await purgeCommand()),
      pollCommand: framed(await pollCommand()),
      rateLimitCommand: framed(await rateLimitCommand(2)),
    },
  };
  redis.close();
  writeFileSync(file, `${JSON.stringify(costs, null, 2)}\n`);
  console.log(JSON.stringify(costs, null, 2));
}

const toMicroseconds = (seconds: number, count: number): number =>
  Math.round((seconds / count) * 1e7) / 10;

async function mainThreadSeconds({ client }: SharedRedis): Promise<number> {
  const info = await client.info('cpu');
  const read = (name: string) => Number(new RegExp(`${name}:([\\d.]+)`).exec(info)?.[1]);
  return read('used_cpu_user_main_thread') + read('used_cpu_sys_main_thread');
}

/** The bytes of a command or message in Redis's protocol. */
const framed = (parts: Args): number =>
  parts.map(String).reduce((sum, part) => sum + part.length + `$${part.length}\r\n\r\n`.length, 4);

/** Records the command that the product sends, instead of sending it. */
async function record(use: (redis: SharedRedis) => Promise<unknown>): Promise<Args> {
  let recorded: Args = [];
  const client = {
    async eval(...args: Args) {
      recorded = ['eval', ...args];
      return [];
    },
  };
  const run = (work: (redis: never) => unknown) => work(client as never);
  await use({ run } as unknown as SharedRedis).catch(() => undefined);
  return recorded;
}

const rateLimitCommand = (keys: number) =>
  record(async (redis) => {
    const count = createRedisCounter(redis, 'frontdesk:rate');
    const increment = { policy: 'viewer', units: 24, windowMs: 60_000 };
    const all = Array.from({ length: keys }, (_, n) =>
      count({ ...increment, key: `https://id.example ${n}__rand_int__` }),
    );
    await Promise.allSettled(all);
  });

const purgeOf = (tags: readonly string[]) => ({
  origin: '0f1d8a52-2f0b-4c8e-9a53-8d6f3b1c7e40',
  purge: { kind: 'tags', tags } as const,
  isSentToEdges: false,
});

const purgeCommand = () => record((redis) => createSharedTags(redis).purge(purgeOf(TAGS)));

const pollCommand = () => record((redis) => createSharedTags(redis).changesSince(1e9));

/** A message as replicas get it. */
async function purgeMessage({ client, duplicate }: SharedRedis): Promise<string> {
  const subscriber = await duplicate();
  const received = new Promise<string>((resolve) => {
    subscriber.once('message', (_channel: string, message: string) => resolve(message));
  });
  await new Promise((resolve) => subscriber.once('ready', resolve));
  await subscriber.subscribe('{frontdesk:tags}:purges');
  const tags = TAGS.map((tag) => tag.replace('__rand_int__', '234567'));
  await createSharedTags({ run: (work) => work(client) }).purge(purgeOf(tags));
  const message = await received;
  subscriber.disconnect();
  return message;
}

/** CPU of Redis for one message to a number of subscribers that read all of them. */
async function measurePublish(url: URL, redis: SharedRedis, message: string, subscribers: number) {
  let bytes = 0;
  const sockets = Array.from({ length: subscribers }, (): Socket => {
    const socket = connect(Number(url.port), url.hostname);
    socket.on('data', (data) => {
      bytes += data.length;
    });
    socket.write('SUBSCRIBE measured\r\n');
    return socket;
  });
  while (Number((await redis.client.pubsub('NUMSUB', 'measured'))[1]) < subscribers)
    await sleep(20);
  const count = Math.max(200, Math.round(PUBLISHED / subscribers));
  await sleep(200);
  const [start, before] = [bytes, await mainThreadSeconds(redis)];
  const expected = count * subscribers * framed(['message', 'measured', message]);
  for (let n = 0; n < count; n++) await redis.client.publish('measured', message);
  while (bytes - start < expected) await sleep(5);
  const cost = toMicroseconds((await mainThreadSeconds(redis)) - before, count);
  for (const socket of sockets) socket.destroy();
  return cost;
}

/** CPU of a replica for one GET, with as many in flight as the benchmark has. */
async function measureClient({ run, client }: SharedRedis, text: string): Promise<number> {
  await client.set('client', text);
  const total = 60_000;
  const work = async (count: number) => {
    for (let n = 0; n < count; n++) await run((redis) => redis.get('client'));
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, () => work(100)));
  const before = process.cpuUsage();
  await Promise.all(Array.from({ length: CONNECTIONS }, () => work(total / CONNECTIONS)));
  const { user, system } = process.cpuUsage(before);
  return Math.round(((user + system) / total) * 10) / 10;
}

/**
 * CPU of a replica for reading one purge message and recording its tags, without the socket: before the
 * versions of MAX_TAGS tags are kept, and from then on.
 */
function measureReceive(message: string) {
  // Those of this process, and those of all replicas.
  const [local, shared] = [new TagVersions(), new Versions()];
  let received = 0;
  const receive = (count: number) => {
    const before = process.cpuUsage();
    for (const end = received + count; received < end; received++) {
      const parsed = parsePurgeMessage(message.replaceAll('234567', String(received)));
      if (parsed?.purge.kind !== 'tags') continue;
      local.purge(parsed.purge.tags);
      shared.set(parsed.purge.tags, received);
    }
    const { user, system } = process.cpuUsage(before);
    return Math.round(((user + system) / count) * 10) / 10;
  };
  const few = receive(MAX_TAGS / TAGS.length - 1);
  return { purgeMessage: few, purgeMessageWithAllTags: receive(100_000) };
}
