import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { describe, it } from 'node:test';

const LOG = new URL('../../src/telemetry/log.ts', import.meta.url).href;
const LINES = 3_000;

/** Writes lines of several blocks in one turn of the event loop. */
const program = (worker: number | undefined) => `
  import { createLog } from '${LOG}';
  const log = createLog({ name: 'shop', level: 'info', isBuffered: true, worker: ${worker} });
  for (let n = 0; n < ${LINES}; n++) log.info({ n }, 'written');
`;

describe('The log', () => {
  for (const [process_, worker] of [
    ['a single process', undefined],
    ['a worker', 1],
  ] as const) {
    it(`of ${process_} has every line once and in order, however many are written at once`, () => {
      const args = ['--input-type=module', '--eval', program(worker)];
      const output = execFileSync(process.execPath, args, { encoding: 'utf8' });
      const numbers = output
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line).n);
      assert.deepEqual(
        numbers,
        Array.from({ length: LINES }, (_, n) => n),
      );
    });
  }
});
