import DataLoader from 'dataloader';
import { type Lane, laneId } from '../upstream/batcher.ts';

type LoadMany<V> = (keys: readonly string[]) => Promise<(V | Error)[]>;

/**
 * Creates a loader with one value per key for the duration of a request. DataLoader collects the keys
 * of a tick and passes them on as one batch, which shares its upstream call with the batches of other
 * requests (upstream/batcher.ts).
 */
export const createLoader = <V>(loadMany: LoadMany<V>) => new DataLoader<string, V>(loadMany);

/** Creates the loaders of a request that read in lanes: one loader for each lane that is used. */
export function createLaneLoaders<V>(loadMany: (lane: Lane) => LoadMany<V>) {
  const loaders = new Map<string, DataLoader<string, V>>();

  return {
    load(key: string, lane: Lane): Promise<V> {
      const id = laneId(lane);
      let loader = loaders.get(id);
      if (!loader) {
        loader = createLoader(loadMany(lane));
        loaders.set(id, loader);
      }
      return loader.load(key);
    },
    clearAll: () => loaders.clear(),
  };
}
