/** The codes of errors: a closed list, so that clients can switch on it. A new code is a schema change. */
export const ERROR_CODES = [
  'BAD_REQUEST',
  'BAD_USER_INPUT',
  'FORBIDDEN',
  'GRAPHQL_PARSE_FAILED',
  'GRAPHQL_VALIDATION_FAILED',
  'INTERNAL_SERVER_ERROR',
  'NOT_FOUND',
  'OPERATION_NOT_TRUSTED',
  'OPERATION_RESOLUTION_FAILURE',
  'OVERLOADED',
  'PERSISTED_QUERY_NOT_FOUND',
  'QUERY_TOO_COMPLEX',
  'RATE_LIMITED',
  'UNAUTHENTICATED',
  'UPSTREAM_TIMEOUT',
  'UPSTREAM_UNAVAILABLE',
] as const;

export type ErrorCode = (typeof ERROR_CODES)[number];

interface BffErrorOptions extends ErrorOptions {
  readonly details?: Readonly<Record<string, number | string>>;
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly hint?: string | undefined;
}

/**
 * An error that is safe to send to a client as it is. Its message is one sentence for people, without
 * host names, stacks, tokens or messages of upstreams.
 */
export class BffError extends Error {
  override readonly name = 'BffError';
  readonly code: ErrorCode;
  /** Values for programs, sent in the error's extensions. */
  readonly details: Readonly<Record<string, number | string>>;
  /** The HTTP status, if it differs from that of the code. */
  readonly status: number | undefined;
  /** Headers of the HTTP response, such as `Retry-After`. */
  readonly headers: Readonly<Record<string, string>>;
  /**
   * What a developer should change, for the response only: it may quote claims with personal data, so it
   * must not be logged. Undefined in production.
   */
  readonly hint: string | undefined;

  constructor(code: ErrorCode, message: string, options: BffErrorOptions = {}) {
    super(message, options);
    this.code = code;
    this.details = options.details ?? {};
    this.status = options.status;
    this.headers = options.headers ?? {};
    this.hint = options.hint;
  }
}

/** The message of an error for its client, with the hint. */
export const messageFor = ({ message, hint }: BffError): string =>
  hint === undefined ? message : `${message} ${hint}`;

/** For a missing object as well as a foreign one, so that ids can't be probed. */
export const notFound = (what: string): BffError =>
  new BffError('NOT_FOUND', `There is no such ${what}.`);

/** For credentials that are missing, malformed or not valid. */
export const unauthenticated = (message: string, cause?: unknown): BffError =>
  new BffError('UNAUTHENTICATED', message, { cause });

export const badInput = (message: string): BffError => new BffError('BAD_USER_INPUT', message);

/** @param allow - the methods that are allowed (RFC 9110 §15.5.6) */
export const methodNotAllowed = (message: string, allow: string): BffError =>
  new BffError('BAD_REQUEST', message, { status: 405, headers: { allow } });

export const timeoutError = (cause?: unknown): BffError =>
  new BffError('UPSTREAM_TIMEOUT', 'This part of the response timed out. Retry later.', { cause });

/** The message of unexpected errors, whose cause is only logged. */
export const INTERNAL_ERROR_MESSAGE = 'Something went wrong on our side.';

/** An error as response bodies contain it. */
export interface ClientError {
  readonly message: string;
  readonly locations?: readonly { readonly line: number; readonly column: number }[];
  readonly extensions: { readonly code: ErrorCode; readonly requestId: string };
}

/** @param details - values for programs */
export const toClientError = (
  code: ErrorCode,
  message: string,
  requestId: string,
  details: BffError['details'] = {},
): ClientError => ({ message, extensions: { code, ...details, requestId } });
