import type { RequestContext } from '../context.ts';
import { BffError } from '../errors.ts';

/**
 * The id of who is asking. The rules have let only signed-in viewers in where this is called.
 * @throws BffError UNAUTHENTICATED for the anonymous all the same
 */
export function viewerId({ viewer }: Pick<RequestContext, 'viewer'>): string {
  if (viewer.role === 'anonymous') throw new BffError('UNAUTHENTICATED', 'Nobody is signed in.');
  return viewer.id;
}
