import { andThen, type MaybePromise } from '../maybe-promise.ts';
import type { OperationStore } from '../operations/index.ts';
import type { AdmissionControl } from '../traffic/index.ts';
import type { Authenticated, WithCaller } from './authenticate.ts';

export interface AdmitParts {
  readonly admission: Pick<AdmissionControl, 'turn'>;
  readonly operations: Pick<OperationStore, 'isTrusted'>;
}

/**
 * Creates the phase that waits for a turn while the process is busy. Requests with trusted operations
 * go first.
 */
export const createAdmit =
  ({ admission, operations }: AdmitParts) =>
  /** @throws BffError OVERLOADED; may also reject with it */
  (state: Authenticated, inputs = [state.request.input]): MaybePromise<Authenticated> =>
    andThen(
      admission.turn(() => inputs.every(operations.isTrusted)),
      () => state,
    );

/** Creates the same phase for requests without an operation, which go after trusted operations. */
export const createAdmitRequest =
  ({ admission }: Pick<AdmitParts, 'admission'>) =>
  /** @throws BffError OVERLOADED; may also reject with it */
  <S extends WithCaller>(state: S): MaybePromise<S> =>
    andThen(
      admission.turn(() => false),
      () => state,
    );
