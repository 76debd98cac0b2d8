import type { PartnerViewer, SignedInViewer, Viewer } from '../context.ts';

type AnyViewer = Partial<Omit<SignedInViewer, 'role'>> & Partial<Pick<PartnerViewer, 'partner'>>;

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
  const known: AnyViewer & Pick<Viewer, 'role'> = viewer;
  const read = (property: 'role' | 'id' | 'issuer' | 'scopes' | 'partner') => {
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
    get scopes() {
      return shares === 'permissions' ? known.scopes : read('scopes');
    },
    get partner() {
      return read('partner');
    },
    get issuer() {
      return read('issuer');
    },
  };
  return shared as Viewer;
}
