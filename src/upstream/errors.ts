import { BffError, timeoutError } from '../errors.ts';

/** What became of a call that brought no meaningful answer. */
export type FailureKind =
  /** Nobody waited any longer. */
  | 'abandoned'
  /** No connection, or one that broke. */
  | 'connection'
  /** The bulkhead or the breaker let nothing through. */
  | 'refused'
  /** A status that says nothing about the request itself. */
  | 'status'
  | 'timeout'
  /** An answer outside of the contract: too large, not JSON, of a wrong shape. */
  | 'malformed';

interface FailureOptions extends ErrorOptions {
  readonly status?: number;
}

/** For the log and for the machinery in here; clients see what `toBffError` makes of it. */
export class UpstreamFailure extends Error {
  override readonly name = 'UpstreamFailure';
  readonly kind: FailureKind;
  /** The HTTP status, if there was one. */
  readonly status: number | undefined;

  constructor(kind: FailureKind, message: string, options?: FailureOptions) {
    super(message, options);
    this.kind = kind;
    this.status = options?.status;
  }
}

const isFailure = (error: unknown, ...kinds: FailureKind[]): error is UpstreamFailure =>
  error instanceof UpstreamFailure && kinds.includes(error.kind);

/** Nobody waits for the outcome any more. */
export const isAbandoned = (error: unknown): boolean => isFailure(error, 'abandoned');

/** A failure that no caller's deadline can bring about: timeouts are the operator's. */
export const isIndependentOfCaller = (error: unknown): boolean =>
  isFailure(error, 'connection', 'timeout');

/** A status that refuses the caller, such as 401 or 429: the upstream itself is sound. */
export const isCallerRefused = (error: unknown): boolean =>
  isFailure(error, 'status') &&
  error.status !== undefined &&
  error.status >= 400 &&
  error.status < 500;

/** Whether the upstream is in trouble, rather than the request or its caller: what breakers count. */
export const isUpstreamFault = (error: unknown): boolean =>
  isFailure(error, 'connection', 'timeout') || (isFailure(error, 'status') && isServerFault(error));

/** Whether the same call may well succeed when it is sent once more. */
export const isRetryable = (error: unknown): boolean =>
  isUpstreamFault(error) && !(isFailure(error, 'status') && error.status === 501);

/** Whether one bad key may have spoilt the answer for the others of its batch. */
export const isSplittable = (error: unknown): boolean =>
  isFailure(error, 'malformed', 'timeout') || (isFailure(error, 'status') && error.status === 500);

const isServerFault = ({ status }: UpstreamFailure): boolean =>
  status !== undefined && status >= 500;

/**
 * What a client may know. Names no upstream and holds nothing that it said.
 * @returns errors that are meant for clients as they are
 */
export function toBffError(error: unknown): BffError {
  if (error instanceof BffError) return error;
  return isFailure(error, 'timeout', 'abandoned')
    ? timeoutError(error)
    : new BffError('UPSTREAM_UNAVAILABLE', 'This part can not be had right now.', { cause: error });
}

/** As toBffError, for a change: says so, if it may have been made. */
export function toWriteError(error: unknown): BffError {
  const shown = toBffError(error);
  if (!isUpstreamError(shown) || isKnownNotApplied(error)) return shown;
  return new BffError(
    shown.code,
    'It is not known whether this was done: look before you repeat it.',
    {
      cause: shown.cause,
    },
  );
}

const isUpstreamError = ({ code }: BffError): boolean =>
  code === 'UPSTREAM_TIMEOUT' || code === 'UPSTREAM_UNAVAILABLE';

const REFUSAL_STATUSES: readonly unknown[] = [401, 403, 407, 429];

/** Whether a change that failed was certainly not made. */
export const isKnownNotApplied = (error: unknown): boolean =>
  isFailure(error, 'refused') ||
  (isFailure(error, 'status') && REFUSAL_STATUSES.includes(error.status)) ||
  (isFailure(error, 'connection') &&
    (error.cause as NodeJS.ErrnoException | undefined)?.code === 'ECONNREFUSED');
