import type { IncomingHttpHeaders } from 'node:http';
import type { FastifyInstance } from 'fastify';
import { decodeJwt } from 'jose';
import { bearerToken } from '../auth/bearer-token.ts';
import type { ReadViewer } from '../auth/credentials.ts';
import { preventCsrf } from '../auth/csrf.ts';
import { isJwt } from '../auth/jwt.ts';
import { CLEARED_SESSION_COOKIE, fitsInCookie, toSessionCookie } from '../auth/session-cookie.ts';
import { BffError } from '../errors.ts';
import type { Payment } from '../pipeline/charge.ts';

/** What opening or ending a session costs, in cost units. */
const SESSION_COST = 1;
const ANONYMOUS = { role: 'anonymous' } as const;

interface SessionOptions {
  readonly viewerOf: ReadViewer;
  readonly payment: Payment;
  /** The other origins whose pages may sign in and out. */
  readonly corsOrigins: readonly string[];
}

/**
 * For pages, which shall not keep a token where a script can read it: `POST /session` with a bearer
 * token makes it an HttpOnly cookie, and `DELETE /session` ends that.
 *
 * To be signed in by somebody else's page, as somebody else, would take an Authorization header of
 * that page's making. No form or link has one, and a script is asked for its origin first (CORS). So
 * a session is opened with that header alone, never with what is in a body or an address.
 *
 * Both are charged like an operation. Opening one is refused when the viewer's budget is exhausted.
 */
export function addSession(
  app: FastifyInstance,
  { viewerOf, payment, corsOrigins }: SessionOptions,
): void {
  app.post('/session', async ({ headers, ip: address }, reply) => {
    preventCsrf(headers, corsOrigins);
    const token = tokenOf(headers);
    // The cookie that there may be is not looked at: it is what is being replaced.
    const { authorization, 'x-api-key': key } = headers;
    const viewer = await viewerOf({ authorization, 'x-api-key': key });
    await payment.pay({ address, viewer }, SESSION_COST, reply);
    return reply
      .code(204)
      .header('set-cookie', toSessionCookie(token, secondsLeft(token)))
      .send();
  });

  // Whatever the cookie holds: whose session is over must be able to get rid of it.
  app.delete('/session', async ({ headers, ip: address }, reply) => {
    preventCsrf(headers, corsOrigins);
    await payment.pay({ address, viewer: ANONYMOUS }, SESSION_COST, reply);
    return reply.code(204).header('set-cookie', CLEARED_SESSION_COOKIE).send();
  });
}

function tokenOf({ authorization }: IncomingHttpHeaders): string {
  if (authorization === undefined) {
    throw new BffError('UNAUTHENTICATED', 'A session is opened with a bearer token.');
  }
  const token = bearerToken(authorization);
  if (!isJwt(token)) throw new BffError('UNAUTHENTICATED', 'A session needs a signed token (JWT).');
  if (fitsInCookie(token)) return token;
  throw new BffError('BAD_REQUEST', 'The token is too large for a cookie.');
}

/** @param token - one that was verified, and so has an expiry */
function secondsLeft(token: string): number {
  const leftS = (decodeJwt(token).exp ?? 0) - Date.now() / 1_000;
  // It is valid only by the tolerance for clocks, and a cookie of no time at all would be none.
  if (leftS < 1) throw new BffError('UNAUTHENTICATED', 'The token has expired: get a new one.');
  return leftS;
}
