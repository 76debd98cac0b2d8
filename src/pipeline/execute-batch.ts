import type { ChargedBatch } from './charge.ts';
import type { ExecuteParts } from './execute-operation.ts';
import type { BatchResponse } from './operation-request.ts';
import type { Prepared } from './prepare.ts';

/**
 * Creates the phase that executes the operations of a batch: concurrently, or one after the other if
 * any of them is a mutation. The responses are not stored.
 */
export function createExecuteBatch({ executor, createContext }: ExecuteParts) {
  const execute = ({ caller, prepared }: Prepared) =>
    executor.execute(prepared, createContext(caller, prepared));

  return async ({ caller, states, rateLimit }: ChargedBatch): Promise<BatchResponse> => {
    states[0]?.request.onDisconnect(() => caller.deadline.release());
    const hasMutation = states.some(({ prepared }) => prepared.definition.operation !== 'query');
    const results = hasMutation
      ? await Array.fromAsync(states, execute)
      : await Promise.all(states.map(execute));
    const errorCodes = results.flatMap((result) => result.errorCodes);
    return { kind: 'batch', results, rateLimit, reason: 'bypass', notStored: 'batch', errorCodes };
  };
}
