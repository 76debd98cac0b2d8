import type { Purge } from '../../cache/index.ts';

/** A worker that hangs for so long is ended: it would serve old data, and stall every write. */
const APPLY_TIMEOUT_MS = 1_000;
/** How long a service may still apply a write of a worker that has ended. */
const LOST_WRITE_MS = 30_000;

interface Member {
  readonly send: (id: number, purge: Purge) => void;
  readonly endUnresponsive: () => void;
  /** By the number of the purge: called when it is applied, or when the worker has ended. */
  readonly pending: Map<number, () => void>;
}

/** Distributes purges to all workers, and waits until each of them has applied them. */
export function createPurgeHub() {
  const members = new Map<number, Member>();
  const quarantines = new Map<string, { readonly purge: Purge; readonly endsAt: number }>();
  let lastId = 0;

  function deliver({ send, endUnresponsive, pending }: Member, purge: Purge): Promise<void> {
    const id = ++lastId;
    const { promise, resolve } = Promise.withResolvers<void>();
    const endIfPending = () => {
      if (pending.has(id)) endUnresponsive();
    };
    // If this process was busy, the answer may have arrived but not been read.
    const timer = setTimeout(() => setImmediate(endIfPending), APPLY_TIMEOUT_MS);
    pending.set(id, () => {
      clearTimeout(timer);
      pending.delete(id);
      resolve();
    });
    send(id, purge);
    return promise;
  }

  /** Keeps quarantines for workers that join later. */
  function record(purge: Purge): void {
    if (purge.kind === 'release') quarantines.delete(purge.id);
    if (purge.kind !== 'quarantine') return;
    const { id, ms } = purge;
    quarantines.set(id, { purge, endsAt: performance.now() + ms });
    setTimeout(() => quarantines.delete(id), ms).unref();
  }

  /** @param origin - the worker that has applied it already */
  async function publish(purge: Purge, origin?: number): Promise<void> {
    record(purge);
    const others = [...members].filter(([worker]) => worker !== origin);
    await Promise.all(others.map(([, member]) => deliver(member, purge)));
  }

  return {
    publish,

    /**
     * Adds a worker, whose cache is empty: purges of the past do not concern it, but quarantines do.
     * @returns the purges to apply before it serves
     */
    join(worker: number, member: Omit<Member, 'pending'>): readonly Purge[] {
      members.set(worker, { ...member, pending: new Map() });
      const now = performance.now();
      return [...quarantines.values()].flatMap(({ purge, endsAt }) =>
        purge.kind === 'quarantine' ? [{ ...purge, ms: Math.max(1, endsAt - now) }] : [],
      );
    },

    /** Records that a worker has applied a purge. */
    applied: (worker: number, id: number): void => members.get(worker)?.pending.get(id)?.(),

    /**
     * Removes a worker that has ended.
     * @param isCrash - then it may have sent writes whose tags nobody knows now: everything is purged,
     *   and again when no service works on such a write anymore
     */
    leave(worker: number, isCrash: boolean): void {
      const member = members.get(worker);
      if (!member) return;
      members.delete(worker);
      for (const settle of member.pending.values()) settle();
      if (!isCrash) return;
      void publish({ kind: 'everything' });
      setTimeout(() => void publish({ kind: 'everything' }), LOST_WRITE_MS).unref();
    },
  };
}
