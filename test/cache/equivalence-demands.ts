import assert from 'node:assert/strict';
import { type Answer, idOf, isStaff, type Request, type Viewer } from './equivalence-client.ts';

/** A seeded mail address; it ends in the id of the user whose it is. */
const MAIL = /[a-z.]+(\d+)@example\.(?:com|net|org)/g;

/** @throws Error that says how the answer of the cached twin differs from the plain one's */
export function demandEqual(cached: Answer, plain: Answer, viewer: Viewer): void {
  const found = toText(cached);
  const right = toText(plain);
  if (found === right) return;
  const known = new Set(right.match(MAIL));
  const leaked = found.match(MAIL)?.find((mail) => !known.has(mail));
  if (leaked) throw new Error(`${viewer} was shown ${leaked}`);
  assert.deepEqual(told(cached), told(plain));
  throw new Error(`the same in another order:\n${found}\n${right}`);
}

/** What can be said of an answer while things change, so that none is there to compare with. */
export function demandDecent(answer: Answer, viewer: Viewer): void {
  const foreign = toText(answer)
    .matchAll(MAIL)
    .find(([, id]) => id !== idOf(viewer));
  if (foreign && !isStaff(viewer)) throw new Error(`${viewer} was shown ${foreign[0]}`);
}

/** A request with `no-cache` is neither answered from the cache nor with another's execution. */
export function demandExecuted({ cacheStatus }: Answer, { headers }: Request): void {
  if (headers['cache-control'] !== 'no-cache') return;
  if (/; (hit|collapsed)/.test(cacheStatus ?? '')) throw new Error(`no-cache got ${cacheStatus}`);
}

const told = ({ status, body }: Answer) => ({ status, ...body });
const toText = (answer: Answer): string => JSON.stringify(told(answer));
