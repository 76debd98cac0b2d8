import DataLoader from 'dataloader';

/**
 * Creates a memo with one value per key for the duration of a request. It does not batch: the
 * upstream's batcher does, across all requests.
 */
export const createMemo = <K, V>(
  load: (key: K) => Promise<V>,
  cacheKeyFn: (key: K) => string,
): DataLoader<K, V, string> =>
  new DataLoader<K, V, string>(
    (keys) => Promise.all(keys.map((key) => load(key).catch((error: Error) => error))),
    { batch: false, batchScheduleFn: queueMicrotask, cacheKeyFn },
  );

/** The key of the first page of one user's list. */
export interface FirstPageKey {
  readonly user: string;
  readonly first: number;
  readonly status?: string | undefined;
}

export const firstPageCacheKey = ({ user, first, status }: FirstPageKey): string =>
  `${first} ${status ?? ''} ${user}`;
