import assert from 'node:assert/strict';
import { describe, it, mock } from 'node:test';
import { TagVersions } from '../../src/cache/tags.ts';

describe('tagVersions of tags', () => {
  it('make stale what began before a purge of one of its tags, and nothing else', () => {
    const tagVersions = new TagVersions();
    const before = { tags: ['Order:1', 'Order'], version: tagVersions.current };
    const other = { tags: ['Order:2', 'Order'], version: tagVersions.current };
    tagVersions.purge(['Order:1', 'orders:user=42']);
    const after = { tags: ['Order:1', 'Order'], version: tagVersions.current };
    assert.deepEqual(
      [before, other, after].map((each) => tagVersions.isStale(each)),
      [true, false, false],
    );
    tagVersions.purge(['Order']);
    assert.ok([before, other, after].every((each) => tagVersions.isStale(each)));
  });

  it('do not bring back what was purged, however much is purged afterwards', () => {
    const tagVersions = new TagVersions(undefined, 10);
    const purged = { tags: ['User:1'], version: tagVersions.current };
    tagVersions.purge(['User:1']);
    const kept = { tags: ['User:2'], version: tagVersions.current };
    for (let n = 0; n < 10; n++) tagVersions.purge([`Order:${n}`]);
    assert.ok(tagVersions.isStale(purged), 'its number was dropped, and a floor stands for it');
    assert.ok(!tagVersions.isStale(kept), 'what began after the dropped purge is above the floor');
    tagVersions.purge(['Order:10']);
    assert.ok(tagVersions.isStale(kept), 'the floor rises with each number that is dropped');
    assert.ok(!tagVersions.isStale({ tags: ['User:2'], version: tagVersions.current }));
  });

  it('remember a tag that is purged again and again as one', () => {
    const tagVersions = new TagVersions(undefined, 2);
    const kept = { tags: ['User:2'], version: tagVersions.current };
    for (let n = 0; n < 100; n++) tagVersions.purge(['User:1']);
    assert.ok(!tagVersions.isStale(kept));
  });

  it('say so before every purge, also before the one at the end of a hold', () => {
    mock.timers.enable({ apis: ['setTimeout'] });
    try {
      const said: number[] = [];
      const tagVersions: TagVersions = new TagVersions(() => said.push(tagVersions.current));
      tagVersions.purge(['Order:1']);
      tagVersions.purge([]);
      tagVersions.quarantine(['Order:1'], 1_000);
      mock.timers.tick(1_000);
      assert.deepEqual(said, [0, 1, 2]);
    } finally {
      mock.timers.reset();
    }
  });

  it('hold a tag of which nothing is to be kept for a while, and purge it once more at the end', () => {
    mock.timers.enable({ apis: ['setTimeout'] });
    try {
      const tagVersions = new TagVersions();
      tagVersions.quarantine(['Order:1'], 30_000);
      const during = { tags: ['Order:1'], version: tagVersions.current };
      assert.ok(tagVersions.isStale(during));
      assert.ok(!tagVersions.isStale({ tags: ['Order:2'], version: tagVersions.current }));
      mock.timers.tick(10_000);
      tagVersions.quarantine(['Order:1'], 30_000);
      mock.timers.tick(20_000);
      assert.ok(
        tagVersions.isStale({ tags: ['Order:1'], version: tagVersions.current }),
        'the later hold',
      );
      mock.timers.tick(10_000);
      assert.ok(
        tagVersions.isStale(during),
        'what was made meanwhile may be from before the change',
      );
      assert.ok(!tagVersions.isStale({ tags: ['Order:1'], version: tagVersions.current }));
    } finally {
      mock.timers.reset();
    }
  });
});
