import type { SharedRedis } from '../../redis/client.ts';
import { type Count, createBatchedCounter, type SharedCounter } from './shared-counter.ts';

/**
 * Increments each key atomically and sets its expiry to the end of the window. A key that holds another
 * type fails alone; a key without an expiry, for whatever reason, gets one.
 */
const SCRIPT = `
local counts = {}
for n, key in ipairs(KEYS) do
  local used = redis.pcall('incrby', key, ARGV[2 * n - 1])
  if type(used) == 'number' then
    local remaining = redis.call('pttl', key)
    if remaining < 0 then
      remaining = tonumber(ARGV[2 * n])
      redis.call('pexpire', key, remaining)
    end
    counts[n] = { used, remaining }
  else
    counts[n] = used
  end
end
return counts`;

/**
 * Counts in Redis for all replicas. The cost of Redis for this process is mostly per command.
 * @param prefix - of the keys in Redis
 */
export const createRedisCounter = ({ run }: SharedRedis, prefix: string): SharedCounter =>
  createBatchedCounter((increments) => {
    // The hash tag puts all keys on one node of a cluster, as a script requires.
    const keys = increments.map(({ policy, key }) => `{${prefix}}:${policy}:${key}`);
    const values = increments.flatMap(({ units, windowMs }) => [units, windowMs]);
    return run(async (client) =>
      toCounts(await client.eval(SCRIPT, keys.length, ...keys, ...values)),
    );
  });

/** An error for every key is an error of Redis: out of memory, or a read-only replica. */
function toCounts(reply: unknown): readonly Count[] {
  if (!Array.isArray(reply)) throw new Error('Redis returned an invalid reply');
  const [first] = reply;
  if (first instanceof Error && reply.every((count) => count instanceof Error)) throw first;
  return reply;
}
