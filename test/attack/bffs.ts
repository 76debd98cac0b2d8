import type { BffDefinition } from '../../src/bff.ts';
import { bffNames, loadBff } from '../../tools/tree.ts';
import { library } from '../support/fixture/bff.ts';
import { isFull } from './mode.ts';

/** The fixture BFF, and every BFF of the product: a new one is attacked as well. */
export const BFFS: readonly BffDefinition[] = [
  library,
  ...(await Promise.all(bffNames().map(loadBff))),
];

/** A user that the stand-ins of every BFF have. */
export const USER_ID = '42';

/** The cases to run against one BFF: all in the full mode; in the short mode each case runs against one BFF. */
export const casesFor = <T>(bff: BffDefinition, cases: readonly T[]): readonly T[] =>
  cases.filter((_, n) => isFull || n % BFFS.length === BFFS.indexOf(bff));
