import { issueToken } from '../../services/support/tokens.ts';

export type Role = 'customer' | 'staff';

const authorizations = new Map<string, string>();

/** Authorization header with a user's token. Tokens are issued once per user and role. */
export async function authorizationFor(userId: string, role: Role = 'customer'): Promise<string> {
  const key = `${role} ${userId}`;
  const authorization = authorizations.get(key) ?? `Bearer ${await issueToken({ userId, role })}`;
  authorizations.set(key, authorization);
  return authorization;
}

/** Headers that identify a user. Only Tailcall needs `viewer`; all others read the token. */
export const headersFor = async (userId: string, role: Role = 'customer') => ({
  authorization: await authorizationFor(userId, role),
  viewer: userId,
});
