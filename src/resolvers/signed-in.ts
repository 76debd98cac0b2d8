import type { RequestContext } from '../context.ts';
import { BffError } from '../errors.ts';
import type { SignedInViewer } from '../viewer.ts';

/**
 * Who is asking, for fields that only signed-in viewers reach by their rules.
 * @throws BffError UNAUTHENTICATED, should a rule ever be missing
 */
export function signedIn({ viewer }: Pick<RequestContext, 'viewer'>): SignedInViewer {
  if (viewer.role === 'anonymous' || viewer.role === 'partner') {
    throw new BffError('UNAUTHENTICATED', 'No user is signed in.');
  }
  return viewer;
}
