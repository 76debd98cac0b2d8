import { BffError, methodNotAllowed } from '../errors.ts';
import type { Planner, PreparedOperation } from '../operations/index.ts';
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
    request.record.operations.push(prepared);
    const { operation: type } = prepared.definition;
    const isStream = request.streamProtocol !== undefined;
    if (isStream !== (type === 'subscription')) throw wrongProtocol(type);
    if (!request.allowsMutations && type === 'mutation') throw mutationOverGet();
    return { request, caller, prepared };
  };

const wrongProtocol = (type: string) =>
  new BffError(
    'BAD_REQUEST',
    type === 'subscription'
      ? 'Send subscriptions to /graphql/stream (text/event-stream) or, where it is offered, over WebSocket.'
      : 'Only subscriptions are accepted here: send queries and mutations to /graphql.',
  );

const mutationOverGet = () =>
  methodNotAllowed('GET requests only support query operations, not mutations.', 'POST');
