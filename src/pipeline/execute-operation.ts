import type { Execute, ExecutionResult, NotStoredReason, ResponseCache } from '../cache/index.ts';
import { RequestDeadline } from '../deadline.ts';
import type { OperationLimits } from '../operations/limits/index.ts';
import type { Executor } from './execute/executor.ts';
import type { CreateExecutionContext } from './execution-context.ts';
import type { LookedUp } from './look-up.ts';
import type { OperationResponse } from './operation-request.ts';

export interface ExecuteParts {
  readonly cache: Pick<ResponseCache, 'getOrExecute' | 'executeAndStore'>;
  readonly executor: Executor;
  readonly createContext: CreateExecutionContext;
  /** The time limit of an execution in the background. */
  readonly requestDeadlineMs: number;
  readonly limits: OperationLimits;
}

/**
 * Creates the phase that executes an operation: alone, or through the cache, which shares one
 * execution among concurrent requests and stores its response.
 */
export function createExecuteOperation(parts: ExecuteParts) {
  const { cache, executor, createContext, requestDeadlineMs, limits } = parts;

  /** Executes for this request alone. */
  async function executeAlone({ request, caller, prepared }: LookedUp): Promise<ExecutionResult> {
    const result = await executor.execute(prepared, createContext(caller, prepared));
    if (!request.reportsCost) return result;
    const cost = { requested: prepared.cost, limit: limits.cost };
    return { ...result, extensions: { ...result.extensions, cost } };
  }

  /** Executes for all requests with the same cache key. */
  const createSharedExecution =
    ({ caller, prepared }: LookedUp): Execute =>
    async (recorder, isBackground) => {
      const deadline = isBackground ? new RequestDeadline(requestDeadlineMs) : caller.deadline;
      const context = { recorder, deadline, isBackground };
      const execution = executor.execute(prepared, createContext(caller, prepared, context));
      return isBackground ? execution.finally(() => deadline.release()) : execution;
    };

  /** @throws BffError UPSTREAM_TIMEOUT if the deadline passes while it waits for another execution */
  return async (state: LookedUp): Promise<OperationResponse> => {
    const { request, caller, rateLimit, lookup, reason } = state;
    request.onDisconnect(() => caller.deadline.release());
    if (!lookup) return toExecuted(await executeAlone(state), state, state.notStored);
    const execute = createSharedExecution(state);
    const outcome =
      reason === 'request'
        ? await cache.executeAndStore(lookup, execute)
        : await cache.getOrExecute(lookup, caller.deadline, execute);
    const { notStored } = outcome;
    if ('executed' in outcome) return toExecuted(outcome.executed, state, notStored);
    const { status: cacheStatus, entry, errorCodes = [] } = outcome;
    const info = { rateLimit, reason, errorCodes, notStored };
    return { kind: 'shared', cacheStatus, entry, key: lookup.key, ...info };
  };
}

function toExecuted(
  result: ExecutionResult,
  { rateLimit, reason }: LookedUp,
  notStored: NotStoredReason | undefined,
): OperationResponse {
  const { errorCodes } = result;
  return { kind: 'executed', result, rateLimit, reason, notStored, errorCodes };
}
