import type { ProcessMetrics } from '../../telemetry/metrics/index.ts';

/** A worker that is too busy is left out, so that the metrics of the others arrive. */
const COLLECT_TIMEOUT_MS = 1_000;

/** Collects the metrics of all workers. */
export function createMetricsHub() {
  const pending = new Map<number, (metrics: ProcessMetrics) => void>();
  let lastId = 0;

  function ask(send: (id: number) => void): Promise<readonly ProcessMetrics[]> {
    const id = ++lastId;
    const { promise, resolve } = Promise.withResolvers<readonly ProcessMetrics[]>();
    const timer = setTimeout(() => resolve([]), COLLECT_TIMEOUT_MS);
    pending.set(id, (metrics) => resolve([metrics]));
    send(id);
    return promise.finally(() => {
      clearTimeout(timer);
      pending.delete(id);
    });
  }

  return {
    /** @param workers - functions that send a request with this number */
    async collect(workers: readonly ((id: number) => void)[]): Promise<readonly ProcessMetrics[]> {
      return (await Promise.all(workers.map(ask))).flat();
    },
    collected: (id: number, metrics: ProcessMetrics): void => pending.get(id)?.(metrics),
  };
}
