import { BffError } from '../errors.ts';

/**
 * What is left until a deadline, in whole milliseconds, at least 1.
 * @param deadline - on the clock of `performance.now()`
 * @throws BffError UPSTREAM_TIMEOUT if nothing is left: no call starts after its deadline
 */
export function remaining(deadline: number): number {
  const left = Math.ceil(deadline - performance.now());
  if (left <= 0) throw new BffError('UPSTREAM_TIMEOUT', 'This part took too long.');
  return left;
}
