import type { SharedRedis } from '../../redis/client.ts';

/**
 * Adds to each key, atomically, and lets it expire when its window ends. A key with something else in
 * it fails alone; one without an end, whoever left it so, gets one.
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

/** What Redis says of one key: used units, and for how many milliseconds more; or why not. */
type Count = [used: number, leftMs: number] | Error;

interface Increment {
  readonly key: string;
  readonly units: string;
  readonly seconds: string;
  readonly settle: (count: Count) => void;
}

/**
 * Increments of one turn of the event loop leave as one command: most of what Redis costs this process
 * is counted in commands, and the busier it is the more come together.
 */
export function createIncrements({ run }: SharedRedis) {
  let gathered: Increment[] = [];

  const send = async () => {
    const group = gathered;
    gathered = [];
    const counts = await run(async (client) => {
      const values = group.flatMap(({ units, seconds }) => [units, seconds]);
      const keys = group.map(({ key }) => key);
      return toCounts(await client.eval(SCRIPT, keys.length, ...keys, ...values));
    }).catch((error: Error) => error);
    group.forEach(({ settle }, n) => {
      settle(counts instanceof Error ? counts : (counts[n] ?? new Error('there is no count')));
    });
  };

  /** Rejects if this key can't be counted by now. */
  return (key: string, units: string, seconds: string): Promise<Count> =>
    new Promise((resolve, reject) => {
      const settle = (count: Count) => {
        if (count instanceof Error) return reject(count);
        if (!(count[0] >= Number(units))) return reject(new Error('what stands there is no count'));
        resolve(count);
      };
      if (gathered.push({ key, units, seconds, settle }) === 1) setImmediate(() => void send());
    });
}

/** What goes wrong for every key is not about keys: Redis is full, or a replica that takes no writes. */
function toCounts(reply: unknown): readonly Count[] {
  if (!Array.isArray(reply)) throw new Error('this is not Redis');
  const [first] = reply;
  if (first instanceof Error && reply.every((count) => count instanceof Error)) throw first;
  return reply;
}
