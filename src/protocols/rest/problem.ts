import { STATUS_CODES } from 'node:http';
import type { ErrorCode } from '../../errors.ts';
import type { Refusal } from '../../http/error-handler.ts';
import type { ParameterFault } from './parameter-error.ts';

export const PROBLEM_TYPE = 'application/problem+json; charset=utf-8';

/** The body of an error (RFC 9457). */
export interface Problem extends Readonly<Record<string, unknown>> {
  /** The status says all that a type of its own would. */
  readonly type: 'about:blank';
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly code: ErrorCode;
  readonly requestId: string;
  readonly errors?: readonly ParameterFault[];
}

/** @param faults - the parameters at fault */
export const toProblem = (
  { status, code, message, details }: Refusal,
  requestId: string,
  faults?: readonly ParameterFault[],
): Problem => ({
  type: 'about:blank',
  title: STATUS_CODES[status] ?? 'Error',
  status,
  detail: message,
  code,
  ...details,
  requestId,
  ...(faults && { errors: faults }),
});
