import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { startHeartbeat } from '../../src/server/cluster/heartbeat.ts';

/** Starts the heartbeat of one worker, whose answers the test gives. */
function startWorker() {
  let pings = 0;
  const ended: number[] = [];
  const worker = { id: 1, send: () => void pings++, kill() {} };
  const receive = startHeartbeat({
    workers: () => [worker],
    endUnresponsive: ({ id }) => void ended.push(id),
  });
  return { pings: () => pings, ended, answer: () => receive(worker) };
}

describe('The heartbeat of a worker', () => {
  it('goes on if it answers after several seconds', ({ mock }) => {
    mock.timers.enable({ apis: ['setInterval'] });
    const { ended, answer, pings } = startWorker();
    for (let round = 0; round < 5; round++) {
      mock.timers.tick(8_000);
      answer();
    }
    assert.deepEqual([pings(), ended], [40, []]);
  });

  it('ends it once if it does not answer', ({ mock }) => {
    mock.timers.enable({ apis: ['setInterval'] });
    const { ended, pings } = startWorker();
    mock.timers.tick(20_000);
    assert.deepEqual([pings(), ended], [8, [1]]);
  });
});
