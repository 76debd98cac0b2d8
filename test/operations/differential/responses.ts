import assert from 'node:assert/strict';
import { isDeepStrictEqual } from 'node:util';
import type { Answer } from '../../cache/equivalence/client.ts';
import type { Json } from '../../support/environment.ts';

/** An error, without its request id. */
export interface ComparableError {
  readonly path: readonly (string | number)[] | undefined;
  readonly code: string;
  readonly message: string;
}

/** The part of a response that is compared. */
export interface ComparableResponse {
  readonly data: Json;
  readonly errors: readonly ComparableError[];
}

export const toComparableResponse = ({ body }: Pick<Answer, 'body'>): ComparableResponse => ({
  data: body.data,
  errors: (body.errors ?? []).map(toComparableError),
});

export const toComparableError = ({ path, message, extensions }: Json): ComparableError => ({
  path,
  code: extensions?.code,
  message,
});

/**
 * Asserts the same data, with the fields in the same order (GraphQL, October 2021, §7.2.2), and the
 * same errors in any order.
 */
export function assertSameResponse(actual: ComparableResponse, expected: ComparableResponse): void {
  assert.deepEqual(withSortedErrors(actual), withSortedErrors(expected));
  assert.equal(JSON.stringify(actual.data), JSON.stringify(expected.data), 'order of fields');
}

/** True if the responses are the same, except for the order of fields. */
export const isSameResponse = (actual: ComparableResponse, expected: ComparableResponse): boolean =>
  isDeepStrictEqual(withSortedErrors(actual), withSortedErrors(expected));

const withSortedErrors = ({ data, errors }: ComparableResponse) => ({
  data,
  errors: errors.map(toLine).sort(),
});

const toLine = ({ path, code, message }: ComparableError): string =>
  `${path ? path.join('.') : 'no path'}: ${code}: ${message}`;
