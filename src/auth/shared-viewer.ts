import type { PartnerViewer, SignedInViewer, Viewer } from '../viewer.ts';

type ViewerProperties = Partial<Omit<SignedInViewer, 'role'>> &
  Partial<Pick<PartnerViewer, 'partner'>> &
  Pick<Viewer, 'role'>;

/**
 * The viewer for an execution whose response is shared with other viewers. Reads of properties that
 * those viewers do not have in common are reported to `onRead`.
 * @param shares - the common properties: none, or role and scopes
 * @param onRead - receives the property's name; an error that it throws fails the field that read it
 */
export const toSharedViewer = (
  viewer: Viewer,
  shares: 'nothing' | 'permissions',
  onRead: (property: string) => void,
): Viewer => new SharedViewer(viewer, shares === 'permissions', onRead) as Viewer;

/**
 * A class, because V8 allocates the accessors of an object literal as long-lived objects: until the next
 * full garbage collection, they would keep the recorder of each execution.
 */
class SharedViewer {
  readonly #viewer: ViewerProperties;
  readonly #sharesPermissions: boolean;
  readonly #onRead: (property: string) => void;

  constructor(
    viewer: ViewerProperties,
    sharesPermissions: boolean,
    onRead: (property: string) => void,
  ) {
    this.#viewer = viewer;
    this.#sharesPermissions = sharesPermissions;
    this.#onRead = onRead;
  }

  #read<Name extends keyof ViewerProperties>(property: Name): ViewerProperties[Name] {
    this.#onRead(property);
    return this.#viewer[property];
  }

  get role() {
    return this.#sharesPermissions ? this.#viewer.role : this.#read('role');
  }

  get id() {
    return this.#read('id');
  }

  get scopes() {
    return this.#sharesPermissions ? this.#viewer.scopes : this.#read('scopes');
  }

  get partner() {
    return this.#read('partner');
  }

  get issuer() {
    return this.#read('issuer');
  }
}
