import { BffError, timeoutError } from '../errors.ts';

/** The reason why a call has no usable response. */
export type FailureKind =
  /** No request waits for the call any longer. */
  | 'abandoned'
  /** The connection could not be opened, or broke. */
  | 'connection'
  /** The bulkhead is full or the circuit is open; nothing was sent. */
  | 'refused'
  /** A status that is not about the request itself, such as a 5xx or 401. */
  | 'status'
  | 'timeout'
  /** A response that violates the contract: too large, not JSON, or of the wrong shape. */
  | 'malformed';

interface FailureOptions extends ErrorOptions {
  readonly status?: number;
}

/**
 * A failed upstream call, for the log and for retries and breakers; clients see the result of
 * `toBffError`.
 */
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

/** For viewers whose tokens the token endpoint of an upstream must not see. */
export const foreignIssuerError = (): BffError =>
  new BffError('FORBIDDEN', 'Users of your identity provider have no access to this.');

const isFailure = (error: unknown, ...kinds: FailureKind[]): error is UpstreamFailure =>
  error instanceof UpstreamFailure && kinds.includes(error.kind);

/** True if no request waits for the outcome any longer. */
export const isAbandoned = (error: unknown): boolean => isFailure(error, 'abandoned');

/** True for failures that no client's deadline can cause: the operator configures the timeouts. */
export const isIndependentOfCaller = (error: unknown): boolean =>
  isFailure(error, 'connection', 'timeout');

/**
 * True for a status that rejects the caller, such as 401 or 429: the upstream itself is healthy.
 */
export const isCallerRefused = (error: unknown): boolean =>
  isFailure(error, 'status') &&
  error.status !== undefined &&
  error.status >= 400 &&
  error.status < 500;

/** True if the upstream has refused the credential of the call. */
export const isUnauthorized = (error: unknown): boolean =>
  isFailure(error, 'status') && error.status === 401;

/**
 * True if the upstream is at fault, not the request or its caller; breakers count these failures.
 */
export const isUpstreamFault = (error: unknown): boolean =>
  isFailure(error, 'connection', 'timeout') || (isFailure(error, 'status') && isServerFault(error));

/** True if the same call may succeed when it is sent again. */
export const isRetryable = (error: unknown): boolean =>
  isUpstreamFault(error) && !(isFailure(error, 'status') && error.status === 501);

/** True if one bad key may have made the whole batch fail. */
export const isSplittable = (error: unknown): boolean =>
  isFailure(error, 'malformed', 'timeout') || (isFailure(error, 'status') && error.status === 500);

const isServerFault = ({ status }: UpstreamFailure): boolean =>
  status !== undefined && status >= 500;

/**
 * Converts an error to one for clients, which neither names nor quotes an upstream.
 * @returns a BffError unchanged
 */
export function toBffError(error: unknown): BffError {
  if (error instanceof BffError) return error;
  return isFailure(error, 'timeout', 'abandoned')
    ? timeoutError(error)
    : new BffError(
        'UPSTREAM_UNAVAILABLE',
        'This part of the response is temporarily unavailable. Retry later.',
        { cause: error },
      );
}

/** Like toBffError, for a write: the message says so if the change may have been applied. */
export function toWriteError(error: unknown): BffError {
  const bffError = toBffError(error);
  if (!isUpstreamError(bffError) || isKnownNotApplied(error)) return bffError;
  return new BffError(
    bffError.code,
    'The outcome of this change is unknown. Check it before you retry.',
    {
      cause: bffError.cause,
    },
  );
}

const isUpstreamError = ({ code }: BffError): boolean =>
  code === 'UPSTREAM_TIMEOUT' || code === 'UPSTREAM_UNAVAILABLE';

const REFUSAL_STATUSES: readonly unknown[] = [401, 403, 407, 429];

/** True if a failed write was certainly not applied. */
export const isKnownNotApplied = (error: unknown): boolean =>
  isFailure(error, 'refused') ||
  (isFailure(error, 'status') && REFUSAL_STATUSES.includes(error.status)) ||
  (isFailure(error, 'connection') &&
    (error.cause as NodeJS.ErrnoException | undefined)?.code === 'ECONNREFUSED');
