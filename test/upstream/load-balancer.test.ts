import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createInstance, recordOutcome, selectInstance } from '../../src/upstream/load-balancer.ts';

const createInstances = () =>
  ['a', 'b', 'c'].map((host, known) => createInstance(new URL(`http://${host}:1/x/`), known));
const picks = (instances: ReturnType<typeof createInstances>, times = 6) =>
  new Set(Array.from({ length: times }, (_, turn) => selectInstance(instances, turn).baseUrl));

describe('The load balancer', () => {
  it('selects the instance with the fewest calls in flight, and equal ones in turn', () => {
    const instances = createInstances();
    assert.deepEqual([...picks(instances)], ['http://a:1/x', 'http://b:1/x', 'http://c:1/x']);
    const [a, b] = instances;
    assert.ok(a && b);
    a.inFlight = 2;
    b.inFlight = 1;
    assert.deepEqual([...picks(instances)], ['http://c:1/x']);
  });

  it('ejects an instance that failed three times in a row, for a time', () => {
    const instances = createInstances();
    const [a] = instances;
    assert.ok(a);
    for (const failed of [true, true, false, true, true]) recordOutcome(a, failed, Infinity);
    assert.equal(picks(instances).size, 3);
    recordOutcome(a, true, Infinity);
    assert.deepEqual([...picks(instances)], ['http://b:1/x', 'http://c:1/x']);
    a.ejectedUntil = performance.now() - 1;
    assert.equal(picks(instances).size, 3);
  });

  it('ejects an instance for longer each time, at most 30 s', () => {
    const [a] = createInstances();
    assert.ok(a);
    const ejectedMs = () => a.ejectedUntil - performance.now();
    for (let n = 0; n < 3; n++) recordOutcome(a, true, Infinity);
    assert.ok(ejectedMs() <= 1_000);
    recordOutcome(a, true, Infinity);
    assert.ok(ejectedMs() > 1_000 && ejectedMs() <= 2_000);
    for (let n = 0; n < 20; n++) recordOutcome(a, true, Infinity);
    assert.ok(ejectedMs() > 20_000 && ejectedMs() <= 30_000);
  });

  it('counts calls that fail together as one failure', () => {
    const [a] = createInstances();
    assert.ok(a);
    const since = performance.now();
    for (let n = 0; n < 20; n++) recordOutcome(a, true, since);
    assert.ok(a.ejectedUntil - performance.now() <= 1_000);
  });

  it('selects among all instances when all are ejected', () => {
    const instances = createInstances();
    for (const instance of instances)
      for (let n = 0; n < 3; n++) recordOutcome(instance, true, Infinity);
    assert.equal(picks(instances).size, 3);
  });
});
