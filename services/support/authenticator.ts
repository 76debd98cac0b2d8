import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { jwtVerify } from 'jose';
import { Problem } from './problem.ts';

const ISSUER = 'frontdesk';

/** The user for whom a caller acts. */
export type Viewer = { userId: string; role: string };

type Secrets = { serviceToken: string | undefined; viewerKey: string | undefined };
/** A request of any server. */
type Request = { headers: IncomingHttpHeaders };
type Requirements = { isPublic: boolean; requiresViewer: boolean };

export type Authenticator = ReturnType<typeof createAuthenticator>;

/** Authenticates the calling service (`Authorization`) and the viewer it acts for (`x-viewer`). */
export function createAuthenticator(audience: string, { serviceToken, viewerKey }: Secrets) {
  const expected = serviceToken === undefined ? undefined : digest(serviceToken);
  const key = viewerKey === undefined ? undefined : new TextEncoder().encode(viewerKey);
  const viewers = new WeakMap<Request, Viewer>();

  /** @throws Problem 401 */
  async function authenticate(
    { isPublic, requiresViewer }: Requirements,
    request: Request,
  ): Promise<void> {
    const { authorization, 'x-viewer': viewer } = request.headers;
    if (expected && !isPublic && !isBearer(authorization, expected)) {
      throw new Problem(401, 'unauthorized');
    }
    if (key && (requiresViewer || viewer !== undefined)) {
      viewers.set(request, await verifyViewer(viewer, key, audience));
    }
  }

  return { authenticate, viewerOf: (request: Request) => viewers.get(request) };
}

function isBearer(authorization: string | undefined, expected: Buffer): boolean {
  const [, token] = authorization?.match(/^Bearer +(\S+)$/i) ?? [];
  return token !== undefined && timingSafeEqual(digest(token), expected);
}

async function verifyViewer(header: unknown, key: Uint8Array, audience: string): Promise<Viewer> {
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
    // The response does not tell the caller why verification failed.
  }
  throw new Problem(401, 'viewer_unknown');
}

/** Digests have equal length, as a comparison in constant time requires. */
const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
