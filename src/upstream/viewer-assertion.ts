import { SignJWT } from 'jose';
import type { SignedInViewer, Viewer } from '../viewer.ts';

const ISSUER = 'frontdesk';
const MAX_AGE = '60s';

/**
 * Signs the viewer's identity for an upstream: a JWT (RFC 7519, HS256) with `sub` and `role`, for one
 * audience and one minute. Only holders of the key can create one.
 * @param key - shared with the upstreams, at least 32 bytes (RFC 7518 §3.2); without a key, calls do
 *   not identify the viewer
 * @returns a function that builds the `x-viewer` header; no header for an anonymous viewer or a partner
 */
export function createViewerAssertion(key: string | undefined, audience: string) {
  const secret = key ? new TextEncoder().encode(key) : undefined;
  const tokens = new WeakMap<SignedInViewer, Promise<string>>();

  return async (viewer: Viewer): Promise<Record<string, string>> => {
    if (!secret || viewer.role === 'anonymous' || viewer.role === 'partner') return {};
    let token = tokens.get(viewer);
    if (!token) {
      token = new SignJWT({ role: viewer.role })
        .setProtectedHeader({ alg: 'HS256' })
        .setIssuer(ISSUER)
        .setAudience(audience)
        .setSubject(viewer.id)
        .setExpirationTime(MAX_AGE)
        .sign(secret);
      tokens.set(viewer, token);
    }
    return { 'x-viewer': await token };
  };
}

export type ViewerAssertion = ReturnType<typeof createViewerAssertion>;
