import { type Purge, publishToReplicas, type Replicas } from '../../cache/index.ts';
import { Replies } from './replies.ts';

/** A worker that hangs for so long is ended: it would serve old data, and stall every write. */
const APPLY_TIMEOUT_MS = 1_000;
/** How long a service may still apply a write of a worker that has ended. */
const LOST_WRITE_MS = 30_000;

/** A worker, as purges see it. */
interface Applier {
  readonly send: (id: number, purge: Purge) => void;
  readonly endUnresponsive: () => void;
}

interface Member extends Applier {
  readonly replies: Replies<true>;
  readonly left: PromiseWithResolvers<void>;
}

/**
 * Distributes purges to all workers, and waits until each of them has applied them.
 * @param replicas - the other replicas, if there are some
 * @param onEverything - called when all have applied a purge of everything
 */
export function createPurgeHub(
  replicas?: Pick<Replicas, 'publish'>,
  onEverything: () => void = () => {},
) {
  const members = new Map<number, Member>();
  const quarantines = new Map<string, { readonly purge: Purge; readonly endsAt: number }>();

  /** @returns when the worker has applied the purge, or has ended */
  async function deliver(member: Member, purge: Purge): Promise<void> {
    const { send, endUnresponsive, replies, left } = member;
    if (await replies.request(APPLY_TIMEOUT_MS, (id) => send(id, purge))) return;
    endUnresponsive();
    await left.promise;
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

  const publishEverywhere = (purge: Purge): Promise<void> =>
    replicas ? publishToReplicas(replicas, { publish }, purge) : publish(purge);

  const purgeEverything = () => void publishEverywhere({ kind: 'everything' }).then(onEverything);

  return {
    publish,
    /** Publishes a purge that does not come from a worker: also to the other replicas. */
    publishEverywhere,

    /**
     * Adds a worker, whose cache is empty: purges of the past do not concern it, but quarantines do.
     * @returns the purges to apply before it serves
     */
    join(worker: number, applier: Applier): readonly Purge[] {
      const left = Promise.withResolvers<void>();
      members.set(worker, { ...applier, replies: new Replies(), left });
      const now = performance.now();
      return [...quarantines.values()].flatMap(({ purge, endsAt }) =>
        purge.kind === 'quarantine' ? [{ ...purge, ms: Math.max(1, endsAt - now) }] : [],
      );
    },

    /** Records that a worker has applied a purge. */
    applied: (worker: number, id: number): void => members.get(worker)?.replies.receive(id, true),

    /**
     * Removes a worker that has ended.
     * @param isCrash - then it may have sent writes whose tags nobody knows now: everything is purged,
     *   and again when no service works on such a write anymore
     */
    leave(worker: number, isCrash: boolean): void {
      const member = members.get(worker);
      if (!member) return;
      members.delete(worker);
      member.replies.receiveAll(true);
      member.left.resolve();
      if (!isCrash) return;
      purgeEverything();
      setTimeout(purgeEverything, LOST_WRITE_MS).unref();
    },
  };
}
