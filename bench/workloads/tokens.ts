import { issueToken } from '../../services/user/tokens.ts';
import type { LoadRequest } from '../harness/load.ts';
import { userIds } from '../upstream/data.ts';
import type { Probe } from './workload.ts';

type Role = 'customer' | 'staff';
type Ask = (headers: Readonly<Record<string, string>>) => LoadRequest;

const authorizations = new Map<string, string>();

/** What a user's token looks like in a request; for each user and role always the same. */
export async function authorizationOf(userId: string, role: Role = 'customer'): Promise<string> {
  const name = `${role} ${userId}`;
  const known = authorizations.get(name) ?? `Bearer ${await issueToken({ userId, role })}`;
  authorizations.set(name, known);
  return known;
}

/** What a user's request says of the user: all but Tailcall read it from the token alone. */
export const headersOf = async (userId: string, role: Role = 'customer') => ({
  authorization: await authorizationOf(userId, role),
  viewer: userId,
});

/**
 * Who must be refused.
 * @param ask - the request with these headers more
 * @param role - of those who are not refused
 */
export async function createRefusals(ask: Ask, role: Role = 'customer'): Promise<Probe[]> {
  const [own = '', other = ''] = await Promise.all(
    userIds.slice(0, 2).map((id) => authorizationOf(id, role)),
  );
  const [head, , signature] = own.split('.');
  const [, foreignPayload] = other.split('.');
  const expired = await issueToken({ userId: '10000', role, expiresIn: -60 });
  const refused: Record<string, Record<string, string>> = {
    'no token': {},
    "another user's claims under a signature": {
      authorization: `${head}.${foreignPayload}.${signature}`,
    },
    'an expired token': { authorization: `Bearer ${expired}` },
  };
  const probes = Object.entries(refused).map(
    ([what, headers]): Probe => ({
      what,
      request: ask(headers),
      expected: undefined,
    }),
  );
  if (role === 'customer') return probes;
  const request = ask(await headersOf('10000'));
  return [...probes, { what: "a customer's token", request, expected: undefined, isOfRoles: true }];
}
