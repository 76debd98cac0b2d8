import assert from 'node:assert/strict';
import { isDeepStrictEqual } from 'node:util';
import type { Answer } from '../../cache/equivalence/client.ts';
import { type PlainAnswer, type PlainError, toPlainError } from '../../support/naive.ts';

/** What of an answer over HTTP is compared. */
export const toPlainAnswer = ({ body }: Answer): PlainAnswer => ({
  data: body.data,
  errors: (body.errors ?? []).map(toPlainError),
});

/**
 * The same data, with the fields in the same order (GraphQL, October 2021, §7.2.2), and the same
 * errors in any order.
 * @throws Error that says in what they differ
 */
export function demandSame(found: PlainAnswer, naive: PlainAnswer): void {
  assert.deepEqual(inOrder(found), inOrder(naive));
  const [left, right] = [found, naive].map(({ data }) => JSON.stringify(data));
  if (left !== right) throw new Error(`the same in another order:\n${left}\n${right}`);
}

export function isSame(found: PlainAnswer, naive: PlainAnswer): boolean {
  return isDeepStrictEqual(inOrder(found), inOrder(naive));
}

const inOrder = ({ data, errors }: PlainAnswer) => ({
  data,
  errors: errors.map(toLine).sort(),
});

const toLine = ({ path, code, message }: PlainError): string =>
  `${path ? path.join('.') : 'no path'}: ${code}: ${message}`;
