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
    local left = redis.call('pttl', key)
    if left < 0 then
      left = ARGV[2 * n] * 1000
      redis.call('pexpire', key, left)
    end
    counts[n] = { used, left }
  else
    counts[n] = used
  end
end
return counts`;

/** The reply for one key: the used units and the rest of the window, or the error of this key. */
type Count = [used: number, remainingMs: number] | Error;

interface Increment {
  readonly key: string;
  readonly units: string;
  readonly seconds: string;
  readonly settle: (count: Count) => void;
}

/**
 * Combines the increments of one turn of the event loop into one command: the cost of Redis for this
 * process is mostly per command, and a busier process combines more increments.
 */
export function createIncrements({ run }: SharedRedis) {
  let pending: Increment[] = [];

  const send = async () => {
    const batch = pending;
    pending = [];
    const counts = await run(async (client) => {
      const values = batch.flatMap(({ units, seconds }) => [units, seconds]);
      const keys = batch.map(({ key }) => key);
      return toCounts(await client.eval(SCRIPT, keys.length, ...keys, ...values));
    }).catch((error: Error) => error);
    batch.forEach(({ settle }, n) => {
      settle(
        counts instanceof Error
          ? counts
          : (counts[n] ?? new Error('Redis returned no count for the key')),
      );
    });
  };

  /** Increments a key; rejects if Redis can't count it. */
  return (key: string, units: string, seconds: string): Promise<Count> =>
    new Promise((resolve, reject) => {
      const settle = (count: Count) => {
        if (count instanceof Error) return reject(count);
        if (!(count[0] >= Number(units)))
          return reject(new Error('Redis returned an invalid count for the key'));
        resolve(count);
      };
      if (pending.push({ key, units, seconds, settle }) === 1) setImmediate(() => void send());
    });
}

/** An error for every key is an error of Redis: out of memory, or a read-only replica. */
function toCounts(reply: unknown): readonly Count[] {
  if (!Array.isArray(reply)) throw new Error('Redis returned an invalid reply');
  const [first] = reply;
  if (first instanceof Error && reply.every((count) => count instanceof Error)) throw first;
  return reply;
}
