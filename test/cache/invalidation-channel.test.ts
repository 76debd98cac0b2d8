import assert from 'node:assert/strict';
import { describe, it, mock } from 'node:test';
import { createInvalidation, type Purge, TagVersions } from '../../src/cache/index.ts';

const TAGS = ['Order:1'];

/** Connects two processes: what one publishes, the other applies once it is delivered. */
function createPair() {
  const receivers: ((purge: Purge) => void)[] = [];
  const queue: (() => void)[] = [];
  const edgePurges: (readonly string[])[] = [];
  const createProcess = (index: number) => {
    const tagVersions = new TagVersions();
    const invalidation = createInvalidation(tagVersions, {
      channel: {
        publish(purge: Purge) {
          const { promise, resolve } = Promise.withResolvers<void>();
          queue.push(() => {
            receivers[1 - index]?.(purge);
            resolve();
          });
          return promise;
        },
        onPurge: (apply) => void receivers.splice(index, 1, apply),
      },
      edges: { purge: (tags) => void edgePurges.push(tags) },
    });
    const began = () => ({ tags: TAGS, version: tagVersions.current });
    return { ...invalidation, began, isStale: tagVersions.isStale.bind(tagVersions) };
  };
  const origin = createProcess(0);
  const other = createProcess(1);
  return {
    origin,
    other,
    edgePurges,
    deliver: () => {
      for (const send of queue.splice(0)) send();
    },
    lose: () => void queue.splice(0),
    receive: (purge: Purge) => receivers[1]?.(purge),
  };
}

describe('Invalidation in two processes', () => {
  it('is complete when the other process has applied the purge', async () => {
    const { origin, other, deliver } = createPair();
    const [here, there] = [origin.began(), other.began()];
    let isComplete = false;
    const purged = Promise.resolve(origin.purge(TAGS)).then(() => {
      isComplete = true;
    });
    assert.deepEqual([origin.isStale(here), other.isStale(there)], [true, false]);
    await Promise.resolve();
    assert.equal(isComplete, false);
    deliver();
    await purged;
    assert.ok(other.isStale(there));
    assert.ok(!other.isStale(other.began()));
  });

  it('keeps tags in quarantine in both until one ends it', async () => {
    const { origin, other, deliver } = createPair();
    const quarantined = origin.quarantine(TAGS, 30_000);
    deliver();
    const release = await quarantined;
    const during = other.began();
    assert.ok(other.isStale(during));
    release();
    deliver();
    assert.ok(other.isStale(during));
    assert.ok(!other.isStale(other.began()));
    assert.ok(!origin.isStale(origin.began()));
  });

  it('ends a quarantine in both, also if the one that began it is gone', () => {
    mock.timers.enable({ apis: ['setTimeout'] });
    try {
      const { origin, other, deliver } = createPair();
      void origin.quarantine(TAGS, 30_000);
      deliver();
      const during = other.began();
      mock.timers.tick(30_000);
      assert.ok(other.isStale(during));
      assert.ok(!other.isStale(other.began()));
    } finally {
      mock.timers.reset();
    }
  });

  it('purges in both at the end of a quarantine, also if the other one has missed its begin', () => {
    mock.timers.enable({ apis: ['setTimeout'] });
    try {
      const { origin, other, lose, deliver } = createPair();
      void origin.quarantine(TAGS, 30_000);
      lose();
      const during = other.began();
      mock.timers.tick(30_000);
      deliver();
      assert.ok(other.isStale(during));
    } finally {
      mock.timers.reset();
    }
  });

  it('does not end another quarantine when the first is released after its end', async () => {
    mock.timers.enable({ apis: ['setTimeout'] });
    try {
      const { origin, other, deliver } = createPair();
      const first = origin.quarantine(TAGS, 1_000);
      deliver();
      mock.timers.tick(1_000);
      void origin.quarantine(TAGS, 30_000);
      deliver();
      (await first)();
      deliver();
      assert.ok(origin.isStale(origin.began()));
      assert.ok(other.isStale(other.began()));
    } finally {
      mock.timers.reset();
    }
  });

  it('makes every response stale when a process has ended with what it knew', () => {
    const { other, receive } = createPair();
    const before = other.began();
    receive({ kind: 'everything' });
    assert.ok(other.isStale(before));
    assert.ok(!other.isStale(other.began()));
  });
});

describe('Invalidation of edges', () => {
  it('follows that of the other process, from which an edge may get its next response', async () => {
    const { origin, edgePurges, deliver } = createPair();
    const purged = origin.purge(TAGS);
    await Promise.resolve();
    assert.deepEqual(edgePurges, []);
    deliver();
    await purged;
    assert.deepEqual(edgePurges, [TAGS]);
  });

  it('happens at the begin and at the end of a quarantine, however it ends', async () => {
    mock.timers.enable({ apis: ['setTimeout'] });
    try {
      const { origin, edgePurges, deliver } = createPair();
      const countPurges = async () => {
        deliver();
        await new Promise(setImmediate);
        return edgePurges.length;
      };
      const released = origin.quarantine(TAGS, 30_000);
      assert.equal(await countPurges(), 1);
      (await released)();
      assert.equal(edgePurges.length, 1, 'before the other process has applied it');
      assert.equal(await countPurges(), 2);
      mock.timers.tick(30_000);
      assert.equal(await countPurges(), 2);
      void origin.quarantine(TAGS, 30_000);
      assert.equal(await countPurges(), 3);
      mock.timers.tick(30_000);
      assert.equal(await countPurges(), 4);
    } finally {
      mock.timers.reset();
    }
  });

  it('is left to the process in which a purge begins', () => {
    const { edgePurges, receive } = createPair();
    receive({ kind: 'tags', tags: TAGS });
    receive({ kind: 'quarantine', id: '1', tags: TAGS, ms: 1_000 });
    receive({ kind: 'release', id: '1', tags: TAGS });
    assert.deepEqual(edgePurges, []);
  });
});

describe('Invalidation in one process', () => {
  it('waits for nothing', () => {
    const tagVersions = new TagVersions();
    const { purge, quarantine } = createInvalidation(tagVersions);
    assert.equal(purge(TAGS), undefined);
    const release = quarantine(TAGS, 1_000);
    assert.ok(!(release instanceof Promise));
    release();
  });
});
