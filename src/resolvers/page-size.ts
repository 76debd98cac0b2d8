import { badInput } from '../errors.ts';

/**
 * Returns `first` if it is 1 to `max`.
 * @throws BffError BAD_USER_INPUT
 */
export function pageSize(first: number, max: number): number {
  if (first < 1 || first > max) throw badInput(`"first" must be 1 to ${max}, not ${first}.`);
  return first;
}
