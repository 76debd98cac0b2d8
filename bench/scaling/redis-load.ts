import type { SimulationResult } from './simulation.ts';

/** The parts of costs.json that the model uses. */
export interface Costs {
  /** CPU of Redis per command; `publish` is by the number of subscribers, `rateLimit` by the number of keys. */
  readonly redisMicroseconds: {
    readonly get: number;
    readonly set: number;
    readonly ping: number;
    readonly purge: number;
    readonly poll: number;
    readonly rateLimit: Readonly<Record<string, number>>;
    readonly publish: Readonly<Record<string, number>>;
  };
  readonly rateLimitBatching: readonly {
    readonly requestsPerSecond: number;
    readonly scriptsPerRequest: number;
  }[];
}

/** The keys of a viewer's request: the address and the viewer. */
const RATE_LIMIT_KEYS = '2';
const MICROSECONDS = 1_000_000;

/** The share of a core that Redis needs for each kind of work of a fleet; 1 is a full core. */
export function redisLoadOf({ replicas, perSecond }: SimulationResult, costs: Costs) {
  const micros = costs.redisMicroseconds;
  const { requests, gets, sets, purges, purgeMessages } = perSecond;
  const scripts = requests * scriptsPerRequest(requests / replicas, costs);
  const load = {
    rateLimits: scripts * (micros.rateLimit[RATE_LIMIT_KEYS] as number),
    gets: gets * micros.get,
    sets: sets * micros.set,
    purges: purges * micros.purge,
    purgeMessages: purgeMessages * microsPerMessage(micros.publish),
    polls: replicas * (micros.poll + micros.ping),
  };
  const total = Object.values(load).reduce((sum, value) => sum + value, 0);
  const shares = { ...load, total };
  return Object.fromEntries(
    Object.entries(shares).map(([kind, value]) => [
      kind,
      Number((value / MICROSECONDS).toFixed(4)),
    ]),
  ) as Readonly<Record<keyof typeof shares, number>>;
}

/** For the measured rate that is nearest. */
const scriptsPerRequest = (requestsPerReplica: number, { rateLimitBatching }: Costs): number =>
  rateLimitBatching.toSorted(
    (a, b) =>
      Math.abs(a.requestsPerSecond - requestsPerReplica) -
      Math.abs(b.requestsPerSecond - requestsPerReplica),
  )[0]?.scriptsPerRequest ?? 1;

/** One message to one more subscriber. */
const microsPerMessage = (publish: Readonly<Record<string, number>>): number =>
  ((publish[1_000] as number) - (publish[10] as number)) / (1_000 - 10);
