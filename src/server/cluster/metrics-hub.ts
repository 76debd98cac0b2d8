import { EndedCounts, type ProcessMetrics } from '../../telemetry/metrics/index.ts';
import { Replies } from './replies.ts';
import type { WorkerProcess } from './worker-process.ts';

/** A worker that is too busy counts with what it sent before, so that the metrics of others arrive. */
const COLLECT_TIMEOUT_MS = 1_000;

interface Member {
  /** The metrics that it has sent last. */
  latest: ProcessMetrics;
  readonly replies: Replies<true>;
}

/**
 * Collects the metrics of all workers. Counts never decrease: those of a worker that has ended stay,
 * as far as it has sent them.
 */
export function createMetricsHub() {
  const members = new Map<number, Member>();
  const ended = new EndedCounts();

  function memberOf(worker: number): Member {
    const member = members.get(worker) ?? { latest: [], replies: new Replies<true>() };
    members.set(worker, member);
    return member;
  }

  const ask = ({ id: worker, send }: WorkerProcess) =>
    memberOf(worker).replies.request(COLLECT_TIMEOUT_MS, (id) => send({ type: 'collect', id }));

  return {
    /** @returns the metrics of each worker that runs, and the counts of all that have ended */
    async collect(workers: readonly WorkerProcess[]): Promise<readonly ProcessMetrics[]> {
      await Promise.all(workers.map(ask));
      return [...[...members.values()].map(({ latest }) => latest), ended.counts];
    },

    /** @param id - of the request that they answer; undefined if the worker ends */
    receive(worker: number, metrics: ProcessMetrics, id: number | undefined): void {
      const member = memberOf(worker);
      member.latest = metrics;
      if (id !== undefined) member.replies.receive(id, true);
    },

    /** Keeps the counts of a worker that has ended, and drops its gauges. */
    leave(worker: number): void {
      const member = members.get(worker);
      if (!member) return;
      members.delete(worker);
      ended.add(member.latest);
      member.replies.receiveAll(true);
    },
  };
}
