import type { BffDefinition } from '../../src/bff.ts';
import { bffNames, loadBff } from '../../tools/tree.ts';
import { isFull } from './mode.ts';

/** Every BFF that there is, so that a new one is attacked as well. */
export const BFFS = await Promise.all(bffNames().map(loadBff));

/** The cases that one BFF is tried with: all in the full form, its share of them in the short one. */
export function casesFor<T>(bff: BffDefinition, cases: readonly T[]): readonly T[] {
  const own = BFFS.indexOf(bff);
  return cases.filter((_, n) => isFull || n % BFFS.length === own);
}
