import { andThen, type MaybePromise } from '../maybe-promise.ts';
import { logOutcome } from '../telemetry/operation-log.ts';
import { type AdmitParts, createAdmit } from './admit.ts';
import { type AuthenticateParts, createAuthenticate } from './authenticate.ts';
import { type ChargeParts, createCharge } from './charge.ts';
import { type CheckRateLimitParts, createCheckRateLimit } from './check-rate-limit.ts';
import { createExecuteBatch } from './execute-batch.ts';
import { createExecuteOperation, type ExecuteParts } from './execute-operation.ts';
import { createLookUp, type LookUpParts } from './look-up.ts';
import type { BatchResponse, OperationRequest, OperationResponse } from './operation-request.ts';
import { createPrepare, type PrepareParts } from './prepare.ts';
import { createResolveOperation, type ResolveParts } from './resolve-operation.ts';

export type PipelineParts = AuthenticateParts &
  CheckRateLimitParts &
  AdmitParts &
  ResolveParts &
  PrepareParts &
  ChargeParts &
  LookUpParts &
  ExecuteParts;

/**
 * The phases of an operation, in the order in which they run. Each can end the request by throwing a
 * BffError or a DocumentError, or by rejecting with one; docs/lifecycle.md lists the status and code
 * of each exit.
 *
 * A response in memory must be returned without awaiting anything. So a phase returns a promise only
 * if it has to wait, and `andThen` calls the next phase at once if it has not.
 */
export function createPipeline(parts: PipelineParts) {
  const authenticate = createAuthenticate(parts);
  const checkRateLimit = createCheckRateLimit(parts);
  const admit = createAdmit(parts);
  const resolveOperation = createResolveOperation(parts);
  const prepare = createPrepare(parts);
  const { charge, chargeBatch } = createCharge(parts);
  const lookUp = createLookUp(parts);
  const executeOperation = createExecuteOperation(parts);
  const executeBatch = createExecuteBatch(parts);

  return {
    run(request: OperationRequest): MaybePromise<OperationResponse> {
      const authenticated = authenticate(request);
      const withinLimit = andThen(authenticated, checkRateLimit);
      const admitted = andThen(withinLimit, admit);
      const resolved = andThen(admitted, resolveOperation);
      const prepared = andThen(resolved, prepare);
      const charged = andThen(prepared, charge);
      const lookedUp = andThen(charged, lookUp);
      const response = andThen(lookedUp, (state) => state.stored ?? executeOperation(state));
      return andThen(response, (outcome) => record(request, outcome));
    },

    /**
     * Runs several operations of one request. Each is resolved and prepared; then they are charged
     * together, within the cost limit of one operation, and executed without the cache.
     */
    runBatch(requests: readonly [OperationRequest, ...OperationRequest[]]) {
      const [first] = requests;
      const inputs = requests.map(({ input }) => input);
      const authenticated = authenticate(first);
      const withinLimit = andThen(authenticated, checkRateLimit);
      const admitted = andThen(withinLimit, (state) => admit(state, inputs));
      const prepared = andThen(admitted, ({ caller }) => ({
        caller,
        states: requests.map((request) => prepare(resolveOperation({ request, caller }))),
      }));
      const charged = andThen(prepared, chargeBatch);
      const response = andThen(charged, executeBatch);
      return andThen(response, (outcome) => record(first, outcome));
    },
  };
}

export type Pipeline = ReturnType<typeof createPipeline>;

/** Adds the outcome to the request's log line. */
function record<R extends OperationResponse | BatchResponse>(
  { log }: OperationRequest,
  response: R,
): R {
  const { errorCodes, reason } = response;
  if (response.kind === 'shared') {
    logOutcome(log, { cacheStatus: response.cacheStatus, errorCodes, failedParts: 0 });
  } else {
    logOutcome(log, { cacheStatus: reason, errorCodes, failedParts: errorCodes.length });
  }
  return response;
}
