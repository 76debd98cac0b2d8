import { badInput } from '../errors.ts';

/**
 * @returns `first`, if it is 1 to `most`
 * @throws BffError BAD_USER_INPUT
 */
export function pageSize(first: number, most: number): number {
  if (first < 1 || first > most) throw badInput(`"first" must be 1 to ${most}, not ${first}.`);
  return first;
}
