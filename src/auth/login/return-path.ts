import { BffError } from '../../errors.ts';

/**
 * A path whose characters mean the same to every parser of URLs: no encoded ones, no backslash, no empty or
 * dot segment, no query and no fragment. So it can't lead to another origin.
 */
const PLAIN_PATH = /^\/(?:[\w~-][\w.~-]*\/)*(?:[\w~-][\w.~-]*)?$/;
const MAX_LENGTH = 512;

/**
 * Creates the reader of the path that a login returns to.
 * @param allowed - `/orders`, or `/orders/*` for all below it; the first one is the default
 * @returns a function of the paths that a request names, which throws BffError BAD_REQUEST for one that is
 *   not allowed, and for several
 */
export function createReturnPathReader(allowed: readonly string[]) {
  const [first = '/'] = allowed;
  const isAllowed = (path: string) =>
    allowed.some((pattern) =>
      pattern.endsWith('/*') ? path.startsWith(pattern.slice(0, -1)) : path === pattern,
    );

  return ([path, ...more]: readonly string[]): string => {
    if (path === undefined) return first.endsWith('/*') ? first.slice(0, -1) : first;
    const isPlain = path.length <= MAX_LENGTH && PLAIN_PATH.test(path);
    if (more.length === 0 && isPlain && isAllowed(path)) return path;
    throw new BffError(
      'BAD_REQUEST',
      '"returnTo" must be one of the paths that a login may return to, without a query.',
    );
  };
}
