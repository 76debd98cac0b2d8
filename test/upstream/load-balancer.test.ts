import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createInstance, recordOutcome, selectInstance } from '../../src/upstream/load-balancer.ts';

const three = () => ['a', 'b', 'c'].map((host) => createInstance(new URL(`http://${host}:1/x/`)));
const picks = (instances: ReturnType<typeof three>, times = 6) =>
  new Set(Array.from({ length: times }, (_, turn) => selectInstance(instances, turn).baseUrl));

describe('the balancer', () => {
  it('gives to the instance with the fewest calls under way; equals take turns', () => {
    const instances = three();
    assert.deepEqual([...picks(instances)], ['http://a:1/x', 'http://b:1/x', 'http://c:1/x']);
    const [a, b] = instances;
    assert.ok(a && b);
    a.inFlight = 2;
    b.inFlight = 1;
    assert.deepEqual([...picks(instances)], ['http://c:1/x']);
  });

  it('leaves out an instance that failed three times in a row, until it has had its rest', () => {
    const instances = three();
    const [a] = instances;
    assert.ok(a);
    for (const failed of [true, true, false, true, true]) recordOutcome(a, failed, Infinity);
    assert.equal(picks(instances).size, 3);
    recordOutcome(a, true, Infinity);
    assert.deepEqual([...picks(instances)], ['http://b:1/x', 'http://c:1/x']);
    a.ejectedUntil = performance.now() - 1;
    assert.equal(picks(instances).size, 3);
  });

  it('leaves it out for longer each time, at most 30 s', () => {
    const [a] = three();
    assert.ok(a);
    const rest = () => a.ejectedUntil - performance.now();
    for (let n = 0; n < 3; n++) recordOutcome(a, true, Infinity);
    assert.ok(rest() <= 1_000);
    recordOutcome(a, true, Infinity);
    assert.ok(rest() > 1_000 && rest() <= 2_000);
    for (let n = 0; n < 20; n++) recordOutcome(a, true, Infinity);
    assert.ok(rest() > 20_000 && rest() <= 30_000);
  });

  it('takes many calls that fail together for one failure', () => {
    const [a] = three();
    assert.ok(a);
    const since = performance.now();
    for (let n = 0; n < 20; n++) recordOutcome(a, true, since);
    assert.ok(a.ejectedUntil - performance.now() <= 1_000);
  });

  it('asks all of them when all are left out', () => {
    const instances = three();
    for (const instance of instances)
      for (let n = 0; n < 3; n++) recordOutcome(instance, true, Infinity);
    assert.equal(picks(instances).size, 3);
  });
});
