import { setImmediate as nextTurn } from 'node:timers/promises';

/** Units to add to a key of a policy. */
export interface Increment {
  readonly policy: string;
  readonly key: string;
  readonly units: number;
  readonly windowMs: number;
}

/** The used units and the rest of the window, or the error of this key. */
export type Count = readonly [used: number, remainingMs: number] | Error;

/** Adds units to a key that other processes charge too; rejects if it can't be counted. */
export type SharedCounter = (
  increment: Increment,
) => Promise<{ readonly used: number; readonly remainingMs: number }>;

/**
 * Creates a counter that sends the increments of one turn of the event loop together: a busier process
 * combines more of them.
 * @param send - returns a count for each increment
 */
export function createBatchedCounter(
  send: (increments: readonly Increment[]) => Promise<readonly Count[]>,
): SharedCounter {
  let batch: ReturnType<typeof openBatch> | undefined;

  function openBatch() {
    const increments: Increment[] = [];
    const counts = nextTurn().then(() => {
      batch = undefined;
      return send(increments);
    });
    return { increments, counts };
  }

  return async (increment) => {
    batch ??= openBatch();
    const { increments, counts } = batch;
    const index = increments.push(increment) - 1;
    const count = (await counts)[index];
    if (count instanceof Error) throw count;
    if (!count || !(count[0] >= increment.units)) throw new Error('not a valid count');
    const [used, remainingMs] = count;
    return { used, remainingMs };
  };
}
