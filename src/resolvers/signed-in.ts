import type { RequestContext } from '../context.ts';
import { BffError } from '../errors.ts';
import type { SignedInViewer } from '../viewer.ts';

/**
 * Returns the signed-in viewer, for fields whose rules admit no other.
 * @throws BffError UNAUTHENTICATED if such a rule is missing
 */
export function signedIn({ viewer }: Pick<RequestContext, 'viewer'>): SignedInViewer {
  if (viewer.role === 'anonymous' || viewer.role === 'partner') {
    throw new BffError('UNAUTHENTICATED', 'No user is signed in.');
  }
  return viewer;
}
