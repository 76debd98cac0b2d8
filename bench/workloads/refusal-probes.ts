import { issueToken } from '../../services/support/tokens.ts';
import type { LoadRequest } from '../harness/load.ts';
import { userIds } from '../upstream/data.ts';
import { authorizationFor, headersFor, type Role } from './authorization.ts';
import type { Probe } from './workload.ts';

type CreateRequest = (headers: Readonly<Record<string, string>>) => LoadRequest;

/**
 * Creates probes that the peer must refuse: no token, an expired or forged one, a missing role.
 * @param createRequest - adds headers to the request
 * @param role - the role that the request requires
 */
export async function createRefusalProbes(
  createRequest: CreateRequest,
  role: Role = 'customer',
): Promise<Probe[]> {
  const [first = '', second = ''] = await Promise.all(
    userIds.slice(0, 2).map((id) => authorizationFor(id, role)),
  );
  const [head, , signature] = first.split('.');
  const [, otherPayload] = second.split('.');
  const expired = await issueToken({ userId: '10000', role, expiresIn: -60 });
  const headersByName: Record<string, Record<string, string>> = {
    'no token': {},
    "a signature with another user's claims": {
      authorization: `${head}.${otherPayload}.${signature}`,
    },
    'an expired token': { authorization: `Bearer ${expired}` },
  };
  const probes = Object.entries(headersByName).map(
    ([name, headers]): Probe => ({
      name,
      request: createRequest(headers),
      expected: undefined,
    }),
  );
  if (role === 'customer') return probes;
  const request = createRequest(await headersFor('10000'));
  return [
    ...probes,
    { name: "a customer's token", request, expected: undefined, checksRoles: true },
  ];
}
