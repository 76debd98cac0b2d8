import assert from 'node:assert/strict';
import { describe, it, mock } from 'node:test';
import { TagNumbers } from '../../src/cache/tags.ts';

describe('numbers of tags', () => {
  it('make stale what began before a purge of one of its tags, and nothing else', () => {
    const numbers = new TagNumbers();
    const before = { tags: ['Order:1', 'Order'], number: numbers.last };
    const other = { tags: ['Order:2', 'Order'], number: numbers.last };
    numbers.purge(['Order:1', 'orders:user=42']);
    const after = { tags: ['Order:1', 'Order'], number: numbers.last };
    assert.deepEqual(
      [before, other, after].map((each) => numbers.isStale(each)),
      [true, false, false],
    );
    numbers.purge(['Order']);
    assert.ok([before, other, after].every((each) => numbers.isStale(each)));
  });

  it('do not bring back what was purged, however much is purged afterwards', () => {
    const numbers = new TagNumbers(undefined, 10);
    const purged = { tags: ['User:1'], number: numbers.last };
    numbers.purge(['User:1']);
    const kept = { tags: ['User:2'], number: numbers.last };
    for (let n = 0; n < 10; n++) numbers.purge([`Order:${n}`]);
    assert.ok(numbers.isStale(purged), 'its number was dropped, and a floor stands for it');
    assert.ok(!numbers.isStale(kept), 'what began after the dropped purge is above the floor');
    numbers.purge(['Order:10']);
    assert.ok(numbers.isStale(kept), 'the floor rises with each number that is dropped');
    assert.ok(!numbers.isStale({ tags: ['User:2'], number: numbers.last }));
  });

  it('remember a tag that is purged again and again as one', () => {
    const numbers = new TagNumbers(undefined, 2);
    const kept = { tags: ['User:2'], number: numbers.last };
    for (let n = 0; n < 100; n++) numbers.purge(['User:1']);
    assert.ok(!numbers.isStale(kept));
  });

  it('say so before every purge, also before the one at the end of a hold', () => {
    mock.timers.enable({ apis: ['setTimeout'] });
    try {
      const said: number[] = [];
      const numbers: TagNumbers = new TagNumbers(() => said.push(numbers.last));
      numbers.purge(['Order:1']);
      numbers.purge([]);
      numbers.hold(['Order:1'], 1_000);
      mock.timers.tick(1_000);
      assert.deepEqual(said, [0, 1, 2]);
    } finally {
      mock.timers.reset();
    }
  });

  it('hold a tag of which nothing is to be kept for a while, and purge it once more at the end', () => {
    mock.timers.enable({ apis: ['setTimeout'] });
    try {
      const numbers = new TagNumbers();
      numbers.hold(['Order:1'], 30_000);
      const during = { tags: ['Order:1'], number: numbers.last };
      assert.ok(numbers.isStale(during));
      assert.ok(!numbers.isStale({ tags: ['Order:2'], number: numbers.last }));
      mock.timers.tick(10_000);
      numbers.hold(['Order:1'], 30_000);
      mock.timers.tick(20_000);
      assert.ok(numbers.isStale({ tags: ['Order:1'], number: numbers.last }), 'the later hold');
      mock.timers.tick(10_000);
      assert.ok(numbers.isStale(during), 'what was made meanwhile may be from before the change');
      assert.ok(!numbers.isStale({ tags: ['Order:1'], number: numbers.last }));
    } finally {
      mock.timers.reset();
    }
  });
});
