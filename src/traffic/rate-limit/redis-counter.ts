import { setImmediate as nextTurn } from 'node:timers/promises';
import type { SharedRedis } from '../../redis/client.ts';

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

/** The reply for one key: the used units and the rest of the window, or the error of this key. */
type Count = readonly [used: number, remainingMs: number] | Error;

/** Adds units to a key; rejects if Redis can't count them. */
export type RedisCounter = (
  key: string,
  units: number,
  windowMs: number,
) => Promise<{ readonly used: number; readonly remainingMs: number }>;

/**
 * Counts in Redis for all replicas. The increments of one turn of the event loop are one command: the
 * cost of Redis for this process is mostly per command, and a busier process combines more increments.
 */
export function createRedisCounter({ run }: SharedRedis): RedisCounter {
  let batch: ReturnType<typeof openBatch> | undefined;

  function openBatch() {
    const keys: string[] = [];
    const values: number[] = [];
    const counts = nextTurn().then(() => {
      batch = undefined;
      return run(async (client) =>
        toCounts(await client.eval(SCRIPT, keys.length, ...keys, ...values)),
      );
    });
    return { keys, values, counts };
  }

  return async (key, units, windowMs) => {
    batch ??= openBatch();
    const { keys, values, counts } = batch;
    const index = keys.push(key) - 1;
    values.push(units, windowMs);
    const count = (await counts)[index];
    if (count instanceof Error) throw count;
    if (!count || !(count[0] >= units)) throw new Error('Redis returned an invalid count');
    const [used, remainingMs] = count;
    return { used, remainingMs };
  };
}

/** An error for every key is an error of Redis: out of memory, or a read-only replica. */
function toCounts(reply: unknown): readonly Count[] {
  if (!Array.isArray(reply)) throw new Error('Redis returned an invalid reply');
  const [first] = reply;
  if (first instanceof Error && reply.every((count) => count instanceof Error)) throw first;
  return reply;
}
