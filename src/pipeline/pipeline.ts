import { BffError } from '../errors.ts';
import { andThen, type MaybePromise } from '../maybe-promise.ts';
import { explanationFor, type RecordedOperation } from '../telemetry/request-record.ts';
import type { SpanStart } from '../telemetry/tracing/span.ts';
import { type AdmitParts, createAdmit, createAdmitRequest } from './admit.ts';
import { type Authenticated, type AuthenticateParts, createAuthenticate } from './authenticate.ts';
import { type AuthorizeOperationParts, createAuthorizeOperation } from './authorize-operation.ts';
import { type Access, createAuthorizeRequest, type WithAccess } from './authorize-request.ts';
import { type AdmittedRequest, type Charged, type ChargeParts, createCharge } from './charge.ts';
import { type CheckRateLimitParts, createCheckRateLimit } from './check-rate-limit.ts';
import { createExecuteBatch } from './execute-batch.ts';
import { createExecuteOperation, type ExecuteParts } from './execute-operation.ts';
import { createLookUp, type LookUpParts } from './look-up.ts';
import type {
  BatchResponse,
  ClientRequest,
  ExecutedResponse,
  OperationRequest,
  OperationResponse,
  StreamResponse,
  SubscriptionRequest,
} from './operation-request.ts';
import { createPrepare, type PrepareParts } from './prepare.ts';
import { createResolveOperation, type ResolveParts } from './resolve-operation.ts';
import { createSubscribe, type SubscribeParts } from './subscribe.ts';
import { timed } from './timed.ts';

export type PipelineParts = AuthenticateParts &
  CheckRateLimitParts &
  AdmitParts &
  ResolveParts &
  PrepareParts &
  AuthorizeOperationParts &
  ChargeParts &
  LookUpParts &
  ExecuteParts &
  SubscribeParts;

/**
 * The phases of an operation, in the order in which they run. Each can end the request by throwing a
 * BffError or a DocumentError, or by rejecting with one; docs/lifecycle.md lists the status and code
 * of each exit.
 *
 * A response in memory must be returned without awaiting anything. So a phase returns a promise only
 * if it has to wait, and `andThen` calls the next phase at once if it has not.
 */
export function createPipeline(parts: PipelineParts) {
  const find = createResolveOperation(parts);
  const prepareOperation = createPrepare(parts);
  const { authorizeReference, authorizeOperation: authorize } = createAuthorizeOperation(parts);
  const findOperation = (state: Authenticated) => find(authorizeReference(state));
  const waitForTurn = createAdmit(parts);
  const charges = createCharge(parts);

  const authenticate = timed('authenticate', createAuthenticate(parts));
  const checkRateLimit = timed('check-rate-limit', createCheckRateLimit(parts));
  const admitAccess = timed('admit', createAdmitRequest(parts)<WithAccess>);
  const authorizeAccess = timed('authorize-request', createAuthorizeRequest(parts));
  const chargeRequest = timed('charge', charges.chargeRequest);
  const admit = timed('admit', (state: Authenticated) => waitForTurn(state));
  const resolveOperation = timed('resolve-operation', findOperation);
  const prepare = timed('prepare', prepareOperation);
  const authorizeOperation = timed('authorize-operation', authorize);
  const charge = timed('charge', charges.charge);
  const chargeBatch = timed('charge', charges.chargeBatch);
  const lookUp = timed('look-up', createLookUp(parts));
  const executeOperation = timed('execute', createExecuteOperation(parts), ({ prepared }) =>
    describeExecution(prepared),
  );
  const executeBatch = timed('execute', createExecuteBatch(parts));
  const streams = createSubscribe(parts);
  const openStream = timed('execute', streams.subscribe, ({ prepared }) =>
    describeExecution(prepared),
  );

  /** The phases of every single operation before its execution. */
  function prepareAndCharge(request: OperationRequest): MaybePromise<Charged> {
    const authenticated = authenticate(request);
    const withinLimit = andThen(authenticated, checkRateLimit);
    const admitted = andThen(withinLimit, admit);
    const resolved = andThen(admitted, resolveOperation);
    const prepared = andThen(resolved, prepare);
    const authorized = andThen(prepared, authorizeOperation);
    return andThen(authorized, charge);
  }

  return {
    run(request: OperationRequest): MaybePromise<OperationResponse> {
      const lookedUp = andThen(prepareAndCharge(request), lookUp);
      const response = andThen(lookedUp, (state) => state.stored ?? executeOperation(state));
      return andThen(response, (outcome) => addOutcome(request, outcome));
    },

    /** Begins a subscription, after the phases of every operation; its events are executed later. */
    subscribe(request: SubscriptionRequest): MaybePromise<StreamResponse | ExecutedResponse> {
      const { streamProtocol: protocol } = request;
      const charged = prepareAndCharge(request);
      const opened = andThen(charged, (state) => openStream({ ...state, protocol }));
      return andThen(opened, (outcome) => addOutcome(request, outcome));
    },

    /**
     * Authenticates a connection, for operations that follow (`isConnected`).
     * @throws BffError UNAUTHENTICATED, FORBIDDEN, RATE_LIMITED, UPSTREAM_UNAVAILABLE; may also reject
     */
    connect: (request: ClientRequest): MaybePromise<unknown> =>
      andThen(authenticate(request), checkRateLimit),

    /** Ends all subscriptions, because the process ends. */
    closeStreams: streams.close,

    /**
     * Admits a request that is carried out elsewhere: the same phases, with a permission in the place of
     * an operation.
     */
    admitRequest(request: ClientRequest, access: Access): MaybePromise<AdmittedRequest> {
      const authenticated = authenticate(request);
      const state = andThen(authenticated, ({ caller }) => ({ caller, access }));
      const withinLimit = andThen(state, checkRateLimit);
      const admitted = andThen(withinLimit, admitAccess);
      const authorized = andThen(admitted, authorizeAccess);
      return andThen(authorized, chargeRequest);
    },

    /**
     * Runs several operations of one request. Each is resolved, prepared and authorized; then they are
     * charged together, within the cost limit of one operation, and executed without the cache.
     */
    runBatch(requests: readonly [OperationRequest, ...OperationRequest[]]) {
      const [first] = requests;
      const inputs = requests.map(({ input }) => input);
      const admitBatch = timed('admit', (state: Authenticated) => waitForTurn(state, inputs));
      const prepareBatch = timed('prepare', ({ caller }: Authenticated) => {
        if (explanationFor(caller.record)) throw oneAtATime();
        const states = requests.map((request) =>
          authorize(prepareOperation(findOperation({ request, caller }))),
        );
        return { caller, states };
      });
      const authenticated = authenticate(first);
      const withinLimit = andThen(authenticated, checkRateLimit);
      const admitted = andThen(withinLimit, admitBatch);
      const prepared = andThen(admitted, prepareBatch);
      const charged = andThen(prepared, chargeBatch);
      const response = andThen(charged, executeBatch);
      return andThen(response, (outcome) => addOutcome(first, outcome));
    },
  };
}

export type Pipeline = ReturnType<typeof createPipeline>;

const oneAtATime = () =>
  new BffError('BAD_REQUEST', 'Send operations one at a time: GraphQL-Explain takes no arrays.');

/** The span of an execution, as the semantic conventions for GraphQL name it. */
function describeExecution({ definition, operation }: RecordedOperation): SpanStart {
  const { operation: type, name } = definition;
  return {
    name: type,
    attributes: {
      'graphql.operation.type': type,
      ...(name && { 'graphql.operation.name': name.value }),
      'graphql.document.hash': `sha256:${operation.hash}`,
    },
  };
}

/** Adds the outcome to the request's record. */
function addOutcome<R extends OperationResponse | BatchResponse | StreamResponse>(
  { record }: OperationRequest,
  response: R,
): R {
  const { errorCodes, reason, notStored } = response;
  const isShared = response.kind === 'shared';
  record.cacheStatus = isShared ? response.cacheStatus : reason;
  record.notStored = notStored;
  record.errorCodes = errorCodes;
  record.failedParts = isShared ? 0 : errorCodes.length;
  return response;
}
