import type { PartnerViewer, SignedInViewer, Viewer } from '../viewer.ts';

type ViewerProperties = Partial<Omit<SignedInViewer, 'role'>> &
  Partial<Pick<PartnerViewer, 'partner'>>;

/**
 * The viewer for an execution whose response is shared with other viewers. Reads of properties that
 * those viewers do not have in common are reported to `onRead`.
 * @param shares - the common properties: none, or role and scopes
 * @param onRead - receives the property's name; an error that it throws fails the field that read it
 */
export function toSharedViewer(
  viewer: Viewer,
  shares: 'nothing' | 'permissions',
  onRead: (property: string) => void,
): Viewer {
  const known: ViewerProperties & Pick<Viewer, 'role'> = viewer;
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
