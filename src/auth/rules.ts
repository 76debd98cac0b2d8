import type { IRule } from 'graphql-shield';
import type { RequestContext } from '../context.ts';
import { BffError, notFound } from '../errors.ts';
import { allow, deny, rule } from './shield-library.ts';

export type ShieldRule = IRule | typeof allow;

/** Which rule guards which field. Whole-type rules and wildcards are refused: see shield.ts. */
export type PermissionTree = Readonly<Record<string, Readonly<Record<string, ShieldRule>>>>;

/** Everyone, with or without a token. */
export const anyone = allow;

/** Whoever may see the parent may see this part of it. */
export const inherited = rule('inherited')(() => true);

/** Nobody: what a field gets that no rule names. */
export const nobody = deny;

const unauthenticated = () =>
  new BffError('UNAUTHENTICATED', 'This needs a signed-in user: send a bearer token.');

/** Everyone with a valid token. */
export const authenticated = rule('authenticated')(
  (_parent: unknown, _args: unknown, { viewer }: RequestContext) =>
    viewer.role !== 'anonymous' || unauthenticated(),
);

/** Those who work here. */
export const staff = rule('staff')(
  (_parent: unknown, _args: unknown, { viewer }: RequestContext) => {
    if (viewer.role === 'anonymous') return unauthenticated();
    return viewer.role === 'staff' || new BffError('FORBIDDEN', 'This is for staff only.');
  },
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
  rule()(async (parent: P, args: A, context: RequestContext) => {
    const { viewer } = context;
    if (viewer.role === 'anonymous') return unauthenticated();
    if (viewer.role === 'staff') return true;
    try {
      return (await ownerOf(parent, args, context)) === viewer.id || notFound(what);
    } catch (error) {
      // Returned, because shield turns what a rule throws into "not allowed", and a service that is
      // down is not that.
      return error as Error;
    }
  });
