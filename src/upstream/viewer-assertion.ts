import { SignJWT } from 'jose';
import type { SignedInViewer, Viewer } from '../context.ts';

const ISSUER = 'frontdesk';
const VALID_FOR = '60s';

/**
 * Says to an upstream who asks, in a way that nobody else can: a JWS (RFC 7515, HS256) with `sub`
 * and `role`, for one audience and one minute.
 * @param key - shared with the upstreams, at least 32 bytes (RFC 7518 §3.2); without one they are
 *   not told
 */
export function createViewerAssertion(key: string | undefined, audience: string) {
  const secret = key ? new TextEncoder().encode(key) : undefined;
  const signed = new WeakMap<SignedInViewer, Promise<string>>();

  return async (viewer: Viewer): Promise<Record<string, string>> => {
    if (!secret || viewer.role === 'anonymous' || viewer.role === 'partner') return {};
    let token = signed.get(viewer);
    if (!token) {
      token = new SignJWT({ role: viewer.role })
        .setProtectedHeader({ alg: 'HS256' })
        .setIssuer(ISSUER)
        .setAudience(audience)
        .setSubject(viewer.id)
        .setExpirationTime(VALID_FOR)
        .sign(secret);
      signed.set(viewer, token);
    }
    return { 'x-viewer': await token };
  };
}

export type ViewerAssertion = ReturnType<typeof createViewerAssertion>;
