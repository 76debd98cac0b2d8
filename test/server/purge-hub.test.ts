import assert from 'node:assert/strict';
import { describe, it, mock } from 'node:test';
import type { Purge } from '../../src/cache/index.ts';
import { createPurgeHub } from '../../src/server/cluster/purge-hub.ts';

const TAGS: Purge = { kind: 'tags', tags: ['Order:1'] };
const QUARANTINE: Purge = { kind: 'quarantine', id: 'q', tags: ['Order:1'], ms: 30_000 };

/** Creates a hub with workers that are numbered from 1, and apply purges when they are told to. */
function createHub(size: number) {
  const hub = createPurgeHub();
  const received: { readonly worker: number; readonly id: number; readonly purge: Purge }[] = [];
  const unresponsive: number[] = [];
  const join = (worker: number) =>
    hub.join(worker, {
      send: (id, purge) => void received.push({ worker, id, purge }),
      endUnresponsive: () => void unresponsive.push(worker),
    });
  for (let worker = 1; worker <= size; worker++) join(worker);
  return {
    ...hub,
    join,
    received,
    unresponsive,
    apply: (worker: number) => {
      for (const each of received) if (each.worker === worker) hub.applied(worker, each.id);
    },
  };
}

/** @returns whether a promise is settled, once all that is ready has run */
async function isSettled(promise: Promise<unknown>): Promise<boolean> {
  let settled = false;
  void promise.then(() => {
    settled = true;
  });
  await new Promise(setImmediate);
  return settled;
}

describe('The purges of workers', () => {
  it('are confirmed when all others have applied them', async () => {
    const { publish, apply, received } = createHub(3);
    const published = publish(TAGS, 2);
    assert.deepEqual(
      received.map(({ worker }) => worker),
      [1, 3],
    );
    apply(1);
    assert.equal(await isSettled(published), false);
    apply(3);
    assert.equal(await isSettled(published), true);
  });

  it('of the admin listener go to every worker', async () => {
    const { publish, apply } = createHub(2);
    const published = publish(TAGS);
    apply(1);
    assert.equal(await isSettled(published), false);
    apply(2);
    assert.equal(await isSettled(published), true);
  });

  it('are not confirmed by a worker that hangs before it has ended', async () => {
    mock.timers.enable({ apis: ['setTimeout'] });
    try {
      const { publish, leave, unresponsive } = createHub(2);
      const published = publish(TAGS, 1);
      mock.timers.tick(999);
      assert.equal(await isSettled(published), false);
      assert.equal(unresponsive.length, 0);
      mock.timers.tick(1);
      assert.equal(await isSettled(published), false);
      assert.deepEqual(unresponsive, [2]);
      leave(2, true);
      assert.equal(await isSettled(published), true);
    } finally {
      mock.timers.reset();
    }
  });

  it('become a purge of everything after a crash, now and when its last writes are over', () => {
    mock.timers.enable({ apis: ['setTimeout'] });
    try {
      const { leave, received } = createHub(3);
      leave(3, false);
      assert.equal(received.length, 0);
      leave(2, true);
      const kinds = () => received.map(({ worker, purge }) => `${worker} ${purge.kind}`);
      assert.deepEqual(kinds(), ['1 everything']);
      mock.timers.tick(30_000);
      assert.deepEqual(kinds(), ['1 everything', '1 everything']);
    } finally {
      mock.timers.reset();
    }
  });

  it('reach a worker that joins later if they are quarantines, for the rest of their time', () => {
    mock.timers.enable({ apis: ['setTimeout'] });
    try {
      const { publish, join } = createHub(1);
      void publish(TAGS);
      void publish(QUARANTINE, 1);
      const [quarantine, ...others] = join(2);
      assert.deepEqual(others, []);
      assert.ok(quarantine?.kind === 'quarantine' && quarantine.ms > 0 && quarantine.ms <= 30_000);
      void publish({ kind: 'release', id: 'q', tags: ['Order:1'] }, 1);
      assert.deepEqual(join(3), []);
      void publish(QUARANTINE, 1);
      mock.timers.tick(30_000);
      assert.deepEqual(join(4), []);
    } finally {
      mock.timers.reset();
    }
  });
});
