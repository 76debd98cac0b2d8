import type { SignedInViewer, Viewer } from '../context.ts';

/**
 * The viewer as an execution may see it whose answer others get as well: looking at more than they
 * have in common is told to `onRead`.
 * @param shares - what all of them have in common: nothing, or what they may do
 * @param onRead - gets the property's name; what it throws ends the field that looked
 */
export function toSharedViewer(
  viewer: Viewer,
  shares: 'nothing' | 'permissions',
  onRead: (property: string) => void,
): Viewer {
  const known = viewer as Partial<SignedInViewer>;
  const read = <K extends keyof SignedInViewer>(property: K) => {
    onRead(property);
    return known[property];
  };
  const shared = {
    get role() {
      return shares === 'permissions' ? viewer.role : read('role');
    },
    get id() {
      return read('id');
    },
    get issuer() {
      return read('issuer');
    },
  };
  return shared as Viewer;
}
