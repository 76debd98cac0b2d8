import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { target } from '../../src/datasources/target.ts';
import { LoadHistory, RequestLoads } from '../../src/upstream/request-loads.ts';
import { startUpstream } from './upstream-harness.ts';

/** More than a key takes to its batch, and a batch to its call. */
const TURNS = 10;

/** Starts an upstream whose calls are recorded, and a request whose response takes an hour anyway. */
async function startLibrary(utilization: number) {
  const calls: (string | undefined)[] = [];
  const library = await startUpstream(
    ({ url }, response) => {
      calls.push(url);
      response.end('{}');
    },
    { utilization: () => utilization },
  );
  const loadMany = library.upstream.batch('b', {
    target: (ids) => target(['b'], { ids }),
    read: (keys) => () => new Map(keys.map((key) => [key, key])),
    missingKeyError: () => new Error('absent'),
  });
  const history = new LoadHistory();
  for (let n = 0; n < 20; n++) new RequestLoads(history);
  const loads = new RequestLoads(history);
  loads.start('slow', 3_600_000);
  return {
    calls,
    loadPatiently: () => loadMany(['a'], { ...library.callers.call(), loads }),
    loadAtOnce: () => loadMany(['b'], library.callers.call()),
    [Symbol.asyncDispose]: library[Symbol.asyncDispose],
  };
}

describe('A key whose request waits for a slower load', () => {
  it('shares the call of a later key while the process is busy', async () => {
    await using library = await startLibrary(0.5);
    const patient = library.loadPatiently();
    for (let n = 0; n < TURNS; n++) await turn();
    assert.deepEqual(await Promise.all([patient, library.loadAtOnce()]), [['a'], ['b']]);
    assert.deepEqual(library.calls, ['/b?ids=a,b']);
  });

  it('is sent at once while the process is idle', async () => {
    await using library = await startLibrary(0.05);
    assert.deepEqual(await library.loadPatiently(), ['a']);
    assert.deepEqual(library.calls, ['/b?ids=a']);
  });
});
