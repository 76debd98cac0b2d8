import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import type { SharedRedis } from '../../redis/client.ts';
import type { Purge, Stamp } from '../types.ts';

// One slot of a cluster holds both keys. All BFFs share them: a mutation in one concerns the others too.
const PREFIX = '{frontdesk:tags}';
const KEYS = [`${PREFIX}:state`, `${PREFIX}:versions`] as const;
/** Purged tags whose versions are kept; more raise the floor. */
const MAX_TAGS = 100_000;
/** Tags that one call returns. One purge must have fewer, or `changesSince` would never get past it. */
const PAGE = 5_000;

export const PURGE_CHANNEL = `${PREFIX}:purges`;

/**
 * Reads the state. Begins a new generation if a key is missing (a restart, an eviction), or if another
 * server wrote it (a restart from an old snapshot, a failover).
 */
const OPEN = `
local state, versions = KEYS[1], KEYS[2]
local run = string.match(redis.call('info', 'server'), 'run_id:(%x+)')
local known = redis.call('hmget', state, 'run', 'size', 'generation', 'version', 'floor')
local generation, version, floor = known[3], tonumber(known[4]), tonumber(known[5])
local size = redis.call('zcard', versions)
if known[1] ~= run or tonumber(known[2]) ~= size then
  generation, version, floor, size = ARGV[1], 0, 0, 0
  redis.call('del', state, versions)
  redis.call('hset', state, 'run', run, 'size', 0, 'generation', generation, 'version', 0, 'floor', 0)
end
`;

/** ARGV: new generation, maximum of tags, channel, message, 'everything' or 'tags', tags. */
const PURGE = `${OPEN}
version = redis.call('hincrby', state, 'version', 1)
if ARGV[5] == 'everything' then
  redis.call('del', versions)
  size, floor = 0, version
end
for n = 6, #ARGV do
  size = size + redis.call('zadd', versions, version, ARGV[n])
end
if size > tonumber(ARGV[2]) then
  local dropped = redis.call('zpopmin', versions, size - tonumber(ARGV[2]))
  size = tonumber(ARGV[2])
  floor = tonumber(dropped[#dropped])
end
redis.call('hset', state, 'size', size, 'floor', floor)
-- Without the right to publish, replicas learn of the purge from the versions.
redis.pcall('publish', ARGV[3], generation .. ' ' .. version .. ' ' .. ARGV[4])
return { generation, version }
`;

/**
 * Fails if Redis rejects writes, because it is full or a read-only replica: the purges of others are then
 * missing. ARGV: new generation, version, page size.
 */
const CHANGES = `${OPEN}
redis.call('hset', state, 'run', run)
local changed = redis.call('zrange', versions, '(' .. ARGV[2], '+inf', 'byscore', 'limit', 0, ARGV[3], 'withscores')
return { generation, version, floor, changed }
`;

/** A purge as all replicas get it. */
export interface PurgeMessage extends Stamp {
  /** The replica that has sent it. */
  readonly origin: string;
  readonly purge: Purge;
  /** True if that replica purges the edges too. */
  readonly isSentToEdges: boolean;
}

/** The tags that were purged after a version. */
export interface Changes {
  readonly generation: string;
  /** Responses of earlier executions are stale, because Redis has dropped versions of tags. */
  readonly floor: number;
  /** By tag. */
  readonly versions: ReadonlyMap<string, number>;
  /** All changes up to this version are included. */
  readonly receivedUpTo: number;
  /** False if there are later ones. */
  readonly isComplete: boolean;
}

/**
 * The versions of tags in Redis, which all replicas share. A version is taken after the write, so
 * that an execution that begins at this version or later reads what the write has changed.
 */
export interface SharedTags {
  /**
   * Gives a purge its version, and tells all replicas.
   * @throws Error if Redis does not answer in time
   */
  readonly purge: (message: Omit<PurgeMessage, keyof Stamp>) => Promise<Stamp>;
  /** @throws Error if Redis does not answer in time */
  readonly changesSince: (version: number) => Promise<Changes>;
}

/** @param maxTags - the number of purged tags whose versions are kept */
export function createSharedTags(
  { run }: Pick<SharedRedis, 'run'>,
  maxTags = MAX_TAGS,
): SharedTags {
  const evaluate = (script: string, values: readonly (string | number)[]): Promise<unknown> =>
    run((client) => client.eval(script, KEYS.length, ...KEYS, randomUUID(), ...values));

  return {
    async purge(message) {
      const { purge } = message;
      const tags = purge.kind === 'everything' ? ['everything'] : ['tags', ...purge.tags];
      const values = [maxTags, PURGE_CHANNEL, JSON.stringify(message), ...tags];
      const [generation, version] = (await evaluate(PURGE, values)) as [string, number];
      return { generation, version };
    },

    async changesSince(since) {
      const reply = await evaluate(CHANGES, [since, PAGE]);
      const [generation, version, floor, changed] = reply as [string, number, number, string[]];
      const versions = toVersions(changed);
      const isComplete = versions.size < PAGE;
      // The last purge of a page may have more tags.
      const receivedUpTo = isComplete ? version : Number(changed.at(-1)) - 1;
      return { generation, floor, versions, receivedUpTo, isComplete };
    },
  };
}

/** @param changed - tags and versions in turn */
function toVersions(changed: readonly string[]): ReadonlyMap<string, number> {
  const versions = new Map<string, number>();
  for (let n = 0; n < changed.length; n += 2)
    versions.set(changed[n] as string, Number(changed[n + 1]));
  return versions;
}

const purgeMessage = z.object({
  origin: z.string(),
  isSentToEdges: z.boolean(),
  purge: z.discriminatedUnion('kind', [
    z.object({ kind: z.literal('tags'), tags: z.array(z.string()) }),
    z.object({ kind: z.literal('everything') }),
    z.object({
      kind: z.literal('quarantine'),
      id: z.string(),
      tags: z.array(z.string()),
      ms: z.number(),
    }),
    z.object({ kind: z.literal('release'), id: z.string(), tags: z.array(z.string()) }),
  ]),
});

/** @returns undefined if the text is not a message of `purge`, or one of a later release */
export function parsePurgeMessage(text: string): PurgeMessage | undefined {
  const [, generation, version, message] = /^(\S+) (\d+) (.*)$/s.exec(text) ?? [];
  if (generation === undefined || message === undefined) return undefined;
  try {
    return {
      ...purgeMessage.parse(JSON.parse(message)),
      generation,
      version: Number(version),
    };
  } catch {
    return undefined;
  }
}
