import type { IRule } from 'graphql-shield';
import type { RequestContext } from '../context.ts';
import { BffError, notFound } from '../errors.ts';
import type { Reads, Viewer } from '../viewer.ts';
import { allow, deny, rule } from './shield-library.ts';

// The rule atoms that permission trees are made of. "Third-party" clients are those whose token has
// scopes; "partners" are servers with an API key, which has scopes too. Neither has any right that a
// rule does not name a scope for. First-party clients have no scopes and all rights of their user.

export type ShieldRule = IRule | typeof allow;

/** Rules by type and field. Rules for whole types and wildcards are refused: see shield.ts. */
export type PermissionTree = Readonly<Record<string, Readonly<Record<string, ShieldRule>>>>;

/** All scopes that third-party clients and partners can have (RFC 6749 §3.3). */
export const SCOPES = [
  'profile:read',
  'profile:write',
  'orders:read',
  'orders:write',
  'notifications:read',
  'notifications:write',
] as const;
export type Scope = (typeof SCOPES)[number];

const readsByRule = new WeakMap<ShieldRule, Reads>();

/**
 * Declares which properties of the viewer a rule reads, which decides who may share a response that
 * it guards. Reading others while a shared response is computed is an error: see shared-viewer.ts.
 */
function declareReads<R extends ShieldRule>(reads: Reads, given: R): R {
  readsByRule.set(given, reads);
  return given;
}

/** The declared reads of a rule; undefined for rules from outside of this file. */
export const readsOf = (given: ShieldRule): Reads | undefined => readsByRule.get(given);

/** Who a rule allows, for the pages of the schema. */
interface Audience {
  /** Such as `staff`; empty for those who may see the parent. */
  readonly viewers: string;
  /** The scopes that third-party clients and partners need one of; undefined if they need none. */
  readonly scopes: readonly Scope[] | undefined;
}

const audiences = new WeakMap<ShieldRule, Audience>();

function declareAudience<R extends ShieldRule>(
  viewers: string,
  scopes: readonly Scope[] | undefined,
  given: R,
): R {
  audiences.set(given, { viewers, scopes });
  return given;
}

/** Who a rule allows; undefined for rules from outside of this file. */
export const audienceOf = (given: ShieldRule): Audience | undefined => audiences.get(given);

type Decision = true | BffError;

/** The decisions of the rules that read nothing but the viewer's permissions. */
const decisions = new WeakMap<ShieldRule, (viewer: Viewer) => Decision>();

/**
 * The decision of a rule for what is not in a schema, such as a route.
 * @returns undefined for a rule that reads anything besides the viewer's permissions
 */
export const decisionOf = (given: ShieldRule) => decisions.get(given);

/** @returns the reason for a refusal, or the error of an upstream that is needed to decide */
type Check = (
  parent: never,
  args: never,
  context: RequestContext<never>,
) => true | Error | Promise<true | Error>;

/** The checks of the rules that `byType` can apply. */
const checks = new WeakMap<ShieldRule, Check>();

function checkedRule(reads: Reads, check: Check): ShieldRule {
  const given = declareReads(reads, rule()(check as never));
  checks.set(given, check);
  return given;
}

/** Allows everyone, with or without a token, whatever its scopes. */
export const anyone = declareAudience('everyone', undefined, declareReads('nothing', allow));
decisions.set(anyone, () => true);
checks.set(anyone, () => true);

/** Allows everyone who may see the parent. */
export const inherited = declareAudience(
  '',
  undefined,
  declareReads(
    'nothing',
    rule('inherited')(() => true),
  ),
);

/** Denies everyone: the rule of fields that no tree names. */
export const nobody = declareAudience('nobody', undefined, declareReads('nothing', deny));
decisions.set(nobody, () => forbidden('You may not access this.'));

type KnownViewer = Exclude<Viewer, { role: 'anonymous' }>;
const forbidden = (message: string) => new BffError('FORBIDDEN', message);
const signInRequired = () =>
  new BffError('UNAUTHENTICATED', 'This requires a signed-in user: send a bearer token.');
const usersOnly = () => forbidden('This is for users only: an API key has no user.');
const staffOnly = () => forbidden('This is for staff only.');

/**
 * First-party clients have all rights of their user; all others need one of the scopes, which the error
 * names in `scope`.
 */
function checkScopes(viewer: KnownViewer, scopes: readonly Scope[]): Decision {
  if (viewer.role !== 'partner' && viewer.scopes === undefined) return true;
  if (scopes.some((scope) => viewer.scopes?.includes(scope))) return true;
  if (scopes.length === 0) return forbidden('This is for first-party clients only.');
  return new BffError('FORBIDDEN', `This requires the scope ${scopes.join(' or ')}.`, {
    details: { scope: scopes.join(' ') },
  });
}

function permissionRule(
  viewers: string,
  scopes: readonly Scope[],
  decideKnown: (viewer: KnownViewer) => Decision,
): ShieldRule {
  const decide = (viewer: Viewer) =>
    viewer.role === 'anonymous' ? signInRequired() : decideKnown(viewer);
  const given = checkedRule('permissions', (_parent, _args, { viewer }) => decide(viewer));
  decisions.set(given, decide);
  return declareAudience(viewers, scopes, given);
}

/**
 * Allows everyone who may see the parent, except anonymous viewers; third-party clients and partners
 * only with one of the scopes. For a part that needs another scope than its parent.
 */
export const scoped = (...scopes: readonly Scope[]): ShieldRule =>
  permissionRule('', scopes, (viewer) => checkScopes(viewer, scopes));

/** Allows every signed-in user; their third-party clients only with one of the scopes. */
export const authenticated = (...scopes: readonly Scope[]): ShieldRule =>
  permissionRule('signed-in users', scopes, (viewer) =>
    viewer.role === 'partner' ? usersOnly() : checkScopes(viewer, scopes),
  );

/** Allows staff; their third-party clients only with one of the scopes. */
export const staff = (...scopes: readonly Scope[]): ShieldRule =>
  permissionRule('staff', scopes, (viewer) =>
    viewer.role === 'staff' ? checkScopes(viewer, scopes) : staffOnly(),
  );

/** Allows what `staff` does, and partners with one of the scopes. */
export const staffOrPartner = (...scopes: readonly Scope[]): ShieldRule =>
  permissionRule('staff, partners', scopes, (viewer) =>
    viewer.role === 'customer' ? staffOnly() : checkScopes(viewer, scopes),
  );

type LoadOwner<P, A, D> = (
  parent: P,
  args: A,
  context: RequestContext<D>,
) => string | Promise<string>;

function ownerRule(viewers: string, partners: () => Decision) {
  return <P, A, D>(
    what: string,
    ownerOf: LoadOwner<P, A, D>,
    ...scopes: readonly Scope[]
  ): ShieldRule =>
    declareAudience(
      viewers,
      scopes,
      checkedRule('viewer', async (parent: P, args: A, context: RequestContext<D>) => {
        const { viewer } = context;
        if (viewer.role === 'anonymous') return signInRequired();
        if (viewer.role === 'partner' && partners() !== true) return partners();
        // Checked before loading: a client without the scope must not learn which objects exist.
        const decision = checkScopes(viewer, scopes);
        if (decision !== true || viewer.role !== 'customer') return decision;
        try {
          return (await ownerOf(parent, args, context)) === viewer.id || notFound(what);
        } catch (error) {
          // Returned, because graphql-shield turns what a rule throws into "not authorised", and an
          // upstream that is down must not look like that.
          return error as Error;
        }
      }),
    );
}

/**
 * Allows the owner of an object and staff; their third-party clients only with one of the scopes. For
 * everyone else the object does not exist (NOT_FOUND).
 * @param what - the object's name in that error
 * @param ownerOf - returns the owner's user id; objects are loaded through the request's memo
 */
export const ownerOrStaff = ownerRule('the owner, staff', usersOnly);

/** Allows what `ownerOrStaff` does, and partners with one of the scopes, for objects of any owner. */
export const ownerStaffOrPartner = ownerRule('the owner, staff, partners', () => true);

/**
 * Applies the rule of an object's type, for a field that returns objects of several types. For a type
 * without a rule there is no such object.
 * @param typeOf - returns the type that the arguments name
 */
export function byType<A>(
  typeOf: (args: A) => string | undefined,
  rules: Readonly<Record<string, ShieldRule>>,
): ShieldRule {
  const known = new Map(Object.entries(rules).map(([type, given]) => [type, checks.get(given)]));
  const given = checkedRule('viewer', (parent, args, context) => {
    const check = known.get(typeOf(args) ?? '');
    return check ? check(parent, args, context) : notFound('object');
  });
  return declareAudience("as the object's type requires", undefined, given);
}
