import DataLoader from 'dataloader';

/** The most keys that one upstream call takes (the services' contract). */
const BATCH = 100;

/**
 * A memo for one request that gathers the keys of one turn into one call.
 * @param absent - the error for a key that `load` leaves out
 */
export function createLoader<V>(
  load: (keys: readonly string[]) => Promise<ReadonlyMap<string, V>>,
  absent: () => Error,
): DataLoader<string, V> {
  return new DataLoader(
    async (keys) => {
      const found = await load(keys);
      return keys.map((key) => (found.has(key) ? (found.get(key) as V) : absent()));
    },
    { maxBatchSize: BATCH },
  );
}

/** What a list is asked for: whose, and in which lane. */
export interface LaneKey {
  readonly owner: string;
  /** All that may change the answer but the owner, such as the number of items wanted. */
  readonly lane: number;
}

/**
 * As createLoader, for lists: the owners of one lane share a call, and lanes never mix. One lane
 * that fails costs only its own keys.
 * @param load - answers every owner
 */
export function createLaneLoader<V>(
  load: (owners: readonly string[], lane: number) => Promise<ReadonlyMap<string, V>>,
): DataLoader<LaneKey, V, string> {
  return new DataLoader<LaneKey, V, string>(
    async (keys) => {
      const lanes = Map.groupBy(keys, ({ lane }) => lane);
      const calls = new Map<number, Promise<ReadonlyMap<string, V>>>();
      for (const [lane, members] of lanes) {
        calls.set(
          lane,
          load(
            members.map(({ owner }) => owner),
            lane,
          ),
        );
      }
      const answers = await Promise.allSettled(
        keys.map(async ({ owner, lane }) => (await calls.get(lane))?.get(owner) as V),
      );
      return answers.map((answer) =>
        answer.status === 'fulfilled' ? answer.value : (answer.reason as Error),
      );
    },
    { maxBatchSize: BATCH, cacheKeyFn: ({ owner, lane }) => `${lane}:${owner}` },
  );
}
