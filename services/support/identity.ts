import { createHash, timingSafeEqual } from 'node:crypto';
import type { FastifyRequest } from 'fastify';
import { jwtVerify } from 'jose';
import { Refusal } from './refusal.ts';

const ISSUER = 'frontdesk';

/** For whom a caller acts. */
export type Viewer = { userId: string; role: string };

type Secrets = { serviceToken: string | undefined; viewerKey: string | undefined };
type Demands = { isOpen: boolean; isForOneUser: boolean };

/** Checks who calls (`Authorization`) and for whom (`x-viewer`). */
export function createIdentity(audience: string, { serviceToken, viewerKey }: Secrets) {
  const expected = serviceToken === undefined ? undefined : digest(serviceToken);
  const key = viewerKey === undefined ? undefined : new TextEncoder().encode(viewerKey);
  const viewers = new WeakMap<FastifyRequest, Viewer>();

  async function demand({ isOpen, isForOneUser }: Demands, request: FastifyRequest) {
    const { authorization, 'x-viewer': viewer } = request.headers;
    if (expected && !isOpen && !isBearer(authorization, expected)) {
      throw new Refusal(401, 'unauthorized');
    }
    if (key && (isForOneUser || viewer !== undefined)) {
      viewers.set(request, await toViewer(viewer, key, audience));
    }
  }

  return { demand, viewerOf: (request: FastifyRequest) => viewers.get(request) };
}

function isBearer(authorization: string | undefined, expected: Buffer): boolean {
  const [, token] = authorization?.match(/^Bearer +(\S+)$/i) ?? [];
  return token !== undefined && timingSafeEqual(digest(token), expected);
}

async function toViewer(header: unknown, key: Uint8Array, audience: string): Promise<Viewer> {
  try {
    const { payload } = await jwtVerify(String(header), key, {
      algorithms: ['HS256'],
      issuer: ISSUER,
      audience,
      requiredClaims: ['sub', 'exp', 'role'],
    });
    const { sub, role } = payload;
    if (typeof sub === 'string' && typeof role === 'string') return { userId: sub, role };
  } catch {
    // Callers learn that it is wrong, not why.
  }
  throw new Refusal(401, 'viewer_unknown');
}

/** Of equal length for every text, which a comparison in constant time demands. */
const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
