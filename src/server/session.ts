import type { IncomingHttpHeaders } from 'node:http';
import type { FastifyInstance } from 'fastify';
import { decodeJwt } from 'jose';
import { bearerToken } from '../auth/bearer-token.ts';
import type { ReadViewer } from '../auth/credentials.ts';
import { preventCsrf } from '../auth/csrf.ts';
import { isJwt } from '../auth/jwt.ts';
import { CLEARED_SESSION_COOKIE, fitsInCookie, toSessionCookie } from '../auth/session-cookie.ts';
import { BffError } from '../errors.ts';
import { type RateLimiter, viewerKeyOf } from '../traffic/index.ts';

/** The cost of opening or ending a session, in cost units. */
const SESSION_COST = 1;

interface SessionOptions {
  readonly readViewer: ReadViewer;
  readonly rateLimiter: Pick<RateLimiter, 'take'>;
  /** Other origins whose pages may open and end sessions. */
  readonly corsOrigins: readonly string[];
}

/**
 * Adds sessions for pages, so that no script can read their token: `POST /session` with a bearer token
 * stores it in an HttpOnly cookie, `DELETE /session` clears the cookie.
 *
 * Login CSRF, where another site signs a user in to another account, would need an Authorization header.
 * Forms and links can't set one, and a script needs a CORS preflight. So the token is read from that
 * header only, never from a body or a URL.
 *
 * Both are charged like an operation.
 */
export function addSession(
  app: FastifyInstance,
  { readViewer, rateLimiter, corsOrigins }: SessionOptions,
): void {
  app.post('/session', async ({ headers, ip: address }, reply) => {
    preventCsrf(headers, corsOrigins);
    const token = tokenOf(headers);
    // Without the cookie, which is about to be replaced.
    const { authorization, 'x-api-key': key } = headers;
    const viewer = viewerKeyOf(await readViewer({ authorization, 'x-api-key': key }));
    reply.headers({ ...(await rateLimiter.take({ address, viewer }, SESSION_COST)) });
    return reply
      .code(204)
      .header('set-cookie', toSessionCookie(token, secondsLeft(token)))
      .send();
  });

  // The cookie is not verified, so that an expired session can be ended too.
  app.delete('/session', async ({ headers, ip: address }, reply) => {
    preventCsrf(headers, corsOrigins);
    const charged = await rateLimiter.take({ address, viewer: undefined }, SESSION_COST);
    reply.headers({ ...charged });
    return reply.code(204).header('set-cookie', CLEARED_SESSION_COOKIE).send();
  });
}

/** @throws BffError UNAUTHENTICATED, BAD_REQUEST */
function tokenOf({ authorization }: IncomingHttpHeaders): string {
  if (authorization === undefined) {
    throw new BffError('UNAUTHENTICATED', 'Send a bearer token to open a session.');
  }
  const token = bearerToken(authorization);
  if (!isJwt(token))
    throw new BffError('UNAUTHENTICATED', 'Send a signed token (JWT) to open a session.');
  if (fitsInCookie(token)) return token;
  throw new BffError('BAD_REQUEST', 'The token is too large for a cookie.');
}

/** @param token - a verified token, which has an expiry */
function secondsLeft(token: string): number {
  const leftSeconds = (decodeJwt(token).exp ?? 0) - Date.now() / 1_000;
  // A token within the clock tolerance would make a cookie with no lifetime.
  if (leftSeconds < 1) {
    throw new BffError('UNAUTHENTICATED', 'The token has expired. Get a new one.');
  }
  return leftSeconds;
}
