import type { IRule } from 'graphql-shield';
import type { Reads, RequestContext, Viewer } from '../context.ts';
import { BffError, notFound } from '../errors.ts';
import { allow, deny, rule } from './shield-library.ts';

export type ShieldRule = IRule | typeof allow;

/** Which rule guards which field. Whole-type rules and wildcards are refused: see shield.ts. */
export type PermissionTree = Readonly<Record<string, Readonly<Record<string, ShieldRule>>>>;

/** All that another party can be let do (RFC 6749 §3.3). */
export const SCOPES = [
  'profile:read',
  'profile:write',
  'orders:read',
  'orders:write',
  'notifications:read',
  'notifications:write',
] as const;
export type Scope = (typeof SCOPES)[number];

const declared = new WeakMap<ShieldRule, Reads>();

/**
 * Says what a rule looks at to decide, which decides who may share an answer that it guards. While
 * an answer is made for more than one viewer, looking at more is refused (see shared-viewer.ts).
 */
function reading<R extends ShieldRule>(reads: Reads, given: R): R {
  declared.set(given, reads);
  return given;
}

/** What a rule looks at; undefined for one that is not of this file. */
export const readsOf = (given: ShieldRule): Reads | undefined => declared.get(given);

/** Everyone, with or without a token, whatever its scopes. */
export const anyone = reading('nothing', allow);

/** Whoever may see the parent may see this part of it. */
export const inherited = reading(
  'nothing',
  rule('inherited')(() => true),
);

/** Nobody: what a field gets that no rule names. */
export const nobody = reading('nothing', deny);

type Known = Exclude<Viewer, { role: 'anonymous' }>;
type Verdict = true | BffError;

const forbidden = (message: string) => new BffError('FORBIDDEN', message);
const unauthenticated = () =>
  new BffError('UNAUTHENTICATED', 'This needs a signed-in user: send a bearer token.');
const forUsersOnly = () => forbidden('This is for users only.');
const forStaffOnly = () => forbidden('This is for staff only.');

/** Our own clients may do all that the user may; another party needs one of the scopes. */
function hasScope(viewer: Known, scopes: readonly Scope[]): Verdict {
  if (viewer.role !== 'partner' && viewer.scopes === undefined) return true;
  if (scopes.some((scope) => viewer.scopes?.includes(scope))) return true;
  if (scopes.length === 0) return forbidden('This is for our own clients only.');
  return forbidden(`This needs the scope ${scopes.join(' or ')}.`);
}

const byPermissions = (decide: (viewer: Known) => Verdict): ShieldRule =>
  reading(
    'permissions',
    rule()((_parent: unknown, _args: unknown, { viewer }: RequestContext) =>
      viewer.role === 'anonymous' ? unauthenticated() : decide(viewer),
    ),
  );

/**
 * Whoever may see the parent, but another party only with one of the scopes: for a part of something
 * that takes less, or another scope. The anonymous never.
 */
export const scoped = (...scopes: readonly Scope[]): ShieldRule =>
  byPermissions((viewer) => hasScope(viewer, scopes));

/** Every user with a valid token; another party's client only with one of the scopes. */
export const authenticated = (...scopes: readonly Scope[]): ShieldRule =>
  byPermissions((viewer) =>
    viewer.role === 'partner' ? forUsersOnly() : hasScope(viewer, scopes),
  );

/** Those who work here; another party's client that acts for them only with one of the scopes. */
export const staff = (...scopes: readonly Scope[]): ShieldRule =>
  byPermissions((viewer) => (viewer.role === 'staff' ? hasScope(viewer, scopes) : forStaffOnly()));

/** As staff, and partners' servers that have one of the scopes. */
export const staffOrPartner = (...scopes: readonly Scope[]): ShieldRule =>
  byPermissions((viewer) =>
    viewer.role === 'customer' ? forStaffOnly() : hasScope(viewer, scopes),
  );

type OwnerOf<P, A> = (parent: P, args: A, context: RequestContext) => string | Promise<string>;

function ownedBy(partners: () => Verdict) {
  return <P, A>(what: string, ownerOf: OwnerOf<P, A>, ...scopes: readonly Scope[]): ShieldRule =>
    reading(
      'viewer',
      rule()(async (parent: P, args: A, context: RequestContext) => {
        const { viewer } = context;
        if (viewer.role === 'anonymous') return unauthenticated();
        if (viewer.role === 'partner' && partners() !== true) return partners();
        // Before anything is loaded: who lacks the scope must not learn what exists.
        const verdict = hasScope(viewer, scopes);
        if (verdict !== true || viewer.role !== 'customer') return verdict;
        try {
          return (await ownerOf(parent, args, context)) === viewer.id || notFound(what);
        } catch (error) {
          // Returned, because shield turns what a rule throws into "not allowed", and a service that
          // is down is not that.
          return error as Error;
        }
      }),
    );
}

/**
 * The user to whom the object belongs, and staff. To everyone else the object does not exist. Another
 * party's client that acts for them needs one of the scopes.
 * @param what - what the object is called when it "does not exist"
 * @param ownerOf - the owner's user id; where it must load the object, through the request's memo
 */
export const ownerOrStaff = ownedBy(forUsersOnly);

/** As ownerOrStaff, and partners' servers that have one of the scopes, whoever is the owner. */
export const ownerStaffOrPartner = ownedBy(() => true);
