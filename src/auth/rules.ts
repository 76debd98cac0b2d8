import type { IRule } from 'graphql-shield';
import type { Reads, RequestContext } from '../context.ts';
import { BffError, notFound } from '../errors.ts';
import { allow, deny, rule } from './shield-library.ts';

export type ShieldRule = IRule | typeof allow;

/** Which rule guards which field. Whole-type rules and wildcards are refused: see shield.ts. */
export type PermissionTree = Readonly<Record<string, Readonly<Record<string, ShieldRule>>>>;

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

/** Everyone, with or without a token. */
export const anyone = reading('nothing', allow);

/** Whoever may see the parent may see this part of it. */
export const inherited = reading(
  'nothing',
  rule('inherited')(() => true),
);

/** Nobody: what a field gets that no rule names. */
export const nobody = reading('nothing', deny);

const unauthenticated = () =>
  new BffError('UNAUTHENTICATED', 'This needs a signed-in user: send a bearer token.');

const forUsersOnly = () => new BffError('FORBIDDEN', 'This is for users only.');

/** Every user with a valid token. */
export const authenticated = reading(
  'permissions',
  rule('authenticated')((_parent: unknown, _args: unknown, { viewer }: RequestContext) => {
    if (viewer.role === 'anonymous') return unauthenticated();
    return viewer.role !== 'partner' || forUsersOnly();
  }),
);

/** Those who work here. */
export const staff = reading(
  'permissions',
  rule('staff')((_parent: unknown, _args: unknown, { viewer }: RequestContext) => {
    if (viewer.role === 'anonymous') return unauthenticated();
    return viewer.role === 'staff' || new BffError('FORBIDDEN', 'This is for staff only.');
  }),
);

/**
 * The user to whom the object belongs, and staff. To everyone else the object does not exist.
 * @param what - what the object is called when it "does not exist"
 * @param ownerOf - the owner's user id; where it must load the object, through the request's memo
 */
export const ownerOrStaff = <P, A>(
  what: string,
  ownerOf: (parent: P, args: A, context: RequestContext) => string | Promise<string>,
): ShieldRule =>
  reading(
    'viewer',
    rule()(async (parent: P, args: A, context: RequestContext) => {
      const { viewer } = context;
      if (viewer.role === 'anonymous') return unauthenticated();
      if (viewer.role === 'staff') return true;
      if (viewer.role === 'partner') return forUsersOnly();
      try {
        return (await ownerOf(parent, args, context)) === viewer.id || notFound(what);
      } catch (error) {
        // Returned, because shield turns what a rule throws into "not allowed", and a service that is
        // down is not that.
        return error as Error;
      }
    }),
  );
