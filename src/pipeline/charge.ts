import { andThen, type MaybePromise } from '../maybe-promise.ts';
import type { OperationStore } from '../operations/index.ts';
import { enforceLimit, type OperationLimits } from '../operations/limits/index.ts';
import {
  BYTES_PER_UNIT,
  type RateHeaders,
  type RateLimiter,
  viewerKeyOf,
  viewerLimitOf,
} from '../traffic/index.ts';
import type { Caller, WithCaller } from './authenticate.ts';
import type { WithAccess } from './authorize-request.ts';
import type { Prepared, PreparedBatch } from './prepare.ts';

export interface Charged extends Prepared {
  /** Empty without limits. */
  readonly rateLimit: RateHeaders;
}

/** The operations of one request, charged together. */
export interface ChargedBatch extends PreparedBatch {
  readonly rateLimit: RateHeaders;
}

/** A request that is no operation, which may now be carried out. */
export interface AdmittedRequest extends WithCaller {
  readonly rateLimit: RateHeaders;
}

export interface ChargeParts {
  /** Also limits the cost of all operations of a batch together. */
  readonly limits: OperationLimits;
  readonly rateLimiter: Pick<RateLimiter, 'take'>;
  readonly operations: Pick<OperationStore, 'isNewPersisted' | 'persist'>;
}

/**
 * Creates the phase that charges operations to the rate limits of the client's address and viewer. A
 * new text that is sent with its hash is charged for its length as well, and then persisted.
 */
export function createCharge({ rateLimiter, operations, limits }: ChargeParts) {
  const take = ({ address, viewer }: Caller, cost: number) =>
    rateLimiter.take(
      { address, viewer: viewerKeyOf(viewer), viewerLimit: viewerLimitOf(viewer) },
      cost,
    );

  const isNewPersisted = ({ request, prepared }: Prepared): boolean =>
    operations.isNewPersisted(request.input, prepared.operation);

  const costOf = (state: Prepared): number =>
    state.prepared.cost + (isNewPersisted(state) ? costOfText(state.prepared.operation.source) : 0);

  function persist(state: Prepared): void {
    if (isNewPersisted(state)) operations.persist(state.prepared.operation);
  }

  return {
    /** @throws BffError RATE_LIMITED or QUERY_TOO_COMPLEX; may also reject with them */
    charge: (state: Prepared): MaybePromise<Charged> =>
      andThen(take(state.caller, costOf(state)), (rateLimit) => {
        persist(state);
        const { request, caller, prepared } = state;
        return { request, caller, prepared, rateLimit };
      }),

    /** Charges a request that has no operation. @throws as `charge` */
    chargeRequest: ({ caller, access }: WithAccess): MaybePromise<AdmittedRequest> =>
      andThen(take(caller, access.cost), (rateLimit) => ({ caller, rateLimit })),

    /** @throws as `charge` */
    chargeBatch({ caller, states }: PreparedBatch): MaybePromise<ChargedBatch> {
      enforceLimit(limits, 'cost', sum(states.map(({ prepared }) => prepared.cost)));
      return andThen(take(caller, sum(states.map(costOf))), (rateLimit) => {
        states.forEach(persist);
        return { caller, states, rateLimit };
      });
    },
  };
}

/** In cost units. */
const costOfText = (text: string): number => Buffer.byteLength(text) / BYTES_PER_UNIT;

const sum = (numbers: readonly number[]): number =>
  numbers.reduce((total, next) => total + next, 0);
