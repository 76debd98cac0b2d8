import { methodNotAllowed } from '../errors.ts';
import type { Planner, PreparedOperation } from '../operations/index.ts';
import { logOperation } from '../telemetry/operation-log.ts';
import type { Authenticated, Caller } from './authenticate.ts';
import type { Resolved } from './resolve-operation.ts';

export interface Prepared extends Authenticated {
  readonly prepared: PreparedOperation;
}

/** The operations of one request. */
export interface PreparedBatch {
  readonly caller: Caller;
  readonly states: readonly Prepared[];
}

export interface PrepareParts {
  readonly planner: Planner;
}

/** Creates the phase that coerces the variables, and computes cost and cache policy. */
export const createPrepare =
  ({ planner }: PrepareParts) =>
  /** @throws DocumentError; BffError QUERY_TOO_COMPLEX or BAD_REQUEST */
  ({ request, caller, operation }: Resolved): Prepared => {
    const prepared = planner(operation, request.input);
    const { definition, cost } = prepared;
    logOperation(request.log, definition.name?.value, cost);
    if (!request.allowsMutations && definition.operation !== 'query') throw mutationOverGet();
    return { request, caller, prepared };
  };

const mutationOverGet = () =>
  methodNotAllowed('GET requests only support query operations, not mutations.', 'POST');
