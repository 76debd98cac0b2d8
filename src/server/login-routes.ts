import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { createCredentialReader } from '../auth/credentials.ts';
import { preventCsrf } from '../auth/csrf.ts';
import type { Auth } from '../auth/login/index.ts';
import { CALLBACK_PATH, type FinishedLogin } from '../auth/login/login.ts';
import { endOf } from '../auth/login/session.ts';
import { CLEARED_SESSION_COOKIE } from '../auth/login/sessions.ts';
import { BffError } from '../errors.ts';
import { logOf } from '../http/observe-requests.ts';
import { type RateLimiter, viewerKeyOf } from '../traffic/index.ts';
import { sendErrorPage, wantsPage } from './login-page.ts';

/** The cost of each request, in cost units. */
const COST = 1;
const MAX_LOGOUT_TOKEN_BYTES = 16 * 1_024;

interface LoginRoutes {
  readonly auth: Auth;
  readonly credentials: Pick<
    ReturnType<typeof createCredentialReader>,
    'readSession' | 'readToken'
  >;
  readonly rateLimiter: Pick<RateLimiter, 'take'>;
  /** Other origins whose pages may use a session. */
  readonly corsOrigins: readonly string[];
}

/**
 * Adds login, session and logout for pages (RFC 10017 §6.1). Browsers navigate to `GET /auth/login` and come
 * back to `GET /auth/callback`, both without a CSRF header: what protects them is the transaction's cookie.
 * Pages call `GET /auth/session` and `POST /auth/logout`, the provider `POST /auth/backchannel-logout`.
 */
export function addLogin(app: FastifyInstance, routes: LoginRoutes): void {
  const { auth, credentials, rateLimiter, corsOrigins } = routes;
  const { sessions, login } = auth;

  /** @throws BffError RATE_LIMITED */
  async function charge(
    { ip: address }: FastifyRequest,
    reply: FastifyReply,
    viewer?: ReturnType<typeof viewerKeyOf>,
  ): Promise<void> {
    reply.headers({ ...(await rateLimiter.take({ address, viewer }, COST)) });
  }

  /** Answers the errors of a navigation with a page, if a browser asks for one. */
  const navigation =
    (handle: (request: FastifyRequest, reply: FastifyReply) => Promise<unknown>) =>
    async (request: FastifyRequest, reply: FastifyReply) => {
      try {
        await charge(request, reply);
        return await handle(request, reply);
      } catch (error) {
        if (error instanceof BffError && wantsPage(request)) {
          return sendErrorPage(request, reply, error);
        }
        throw error;
      }
    };

  /** Only a user whose token is accepted gets a session: otherwise each request would end it again. */
  async function assertAccepted(
    { session }: FinishedLogin,
    request: FastifyRequest,
  ): Promise<void> {
    try {
      await credentials.readToken(session.accessToken);
    } catch (error) {
      if (!(error instanceof BffError) || error.code !== 'UNAUTHENTICATED') throw error;
      logOf(request).warn(
        { reason: error.message },
        "login refused: the user's token is not accepted",
      );
      throw new BffError('FORBIDDEN', 'This account cannot be used here.', { hint: error.hint });
    }
  }

  app.get(
    '/auth/login',
    navigation(async ({ url, headers: { cookie } }, reply) => {
      const returnTo = parametersOf(url).getAll('returnTo');
      // Its cookie is not sent with the callback, which comes from another site.
      const previous = await sessions.find(cookie).catch(() => undefined);
      const started = await login.start(returnTo, previous?.id, cookie);
      return reply
        .code(302)
        .headers({ location: started.url, 'set-cookie': started.setCookies })
        .send();
    }),
  );

  app.get(
    CALLBACK_PATH,
    navigation(async (request, reply) => {
      const { cookie: cookies } = request.headers;
      const parameters = parametersOf(request.url);
      const state = parameters.get('state');
      if (state !== null) reply.header('set-cookie', login.endTransaction(state));
      const finished = await login.finish({ parameters, cookies });
      await assertAccepted(finished, request);
      // A new session for each login, so that none that was there before becomes that of the user.
      const previous = await sessions.find(cookies).catch(() => undefined);
      for (const id of new Set([finished.previousSession, previous?.id])) {
        if (id !== undefined) await endReplaced(id, finished);
      }
      return reply
        .code(303)
        .header('set-cookie', await sessions.create(finished.session))
        .header('location', finished.returnTo)
        .send();
    }),
  );

  /**
   * Ends a session that a login replaces, as a logout does. One of the same user keeps its tokens at the
   * provider, where both logins have one grant: a revocation would end the new session too.
   */
  async function endReplaced(id: string, { session: { issuer, subject } }: FinishedLogin) {
    const ended = await sessions.end(id);
    const isSameUser = ended?.issuer === issuer && ended.subject === subject;
    if (ended && !isSameUser) await auth.revokeTokens(ended);
  }

  app.get('/auth/session', async (request, reply) => {
    const found = await readSession(request, reply);
    await charge(request, reply, found && viewerKeyOf(found.viewer));
    if (!found) return { user: null };
    const { id, role } = found.viewer;
    return { user: { id, role }, expiresAt: new Date(endOf(found.session)).toISOString() };
  });

  /** A session that is over is none. */
  async function readSession({ headers }: FastifyRequest, reply: FastifyReply) {
    try {
      return await credentials.readSession(headers, (header) => {
        reply.header('set-cookie', header);
      });
    } catch (error) {
      if (error instanceof BffError && error.code === 'UNAUTHENTICATED') return undefined;
      throw error;
    }
  }

  app.post('/auth/logout', async (request, reply) => {
    preventCsrf(request.headers, corsOrigins);
    await charge(request, reply);
    const session = await sessions.find(request.headers.cookie);
    const ended = session && (await sessions.end(session.id));
    reply.header('set-cookie', CLEARED_SESSION_COOKIE);
    if (ended) await auth.revokeTokens(ended);
    return { logoutUrl: (await auth.logoutUrl()) ?? null };
  });

  // In a scope of its own: forms, which pages of other sites can send, are accepted nowhere else.
  app.register(async (scope) => {
    scope.addContentTypeParser(
      'application/x-www-form-urlencoded',
      { parseAs: 'string', bodyLimit: MAX_LOGOUT_TOKEN_BYTES },
      (_request, body, done) => done(null, new URLSearchParams(body as string)),
    );
    scope.post('/auth/backchannel-logout', async (request, reply) => {
      await charge(request, reply);
      const { body } = request;
      const token = body instanceof URLSearchParams ? body.get('logout_token') : null;
      if (token === null) throw new BffError('BAD_REQUEST', 'Send a form with a "logout_token".');
      await auth.logOutAtBackchannel(token);
      return reply.code(200).send();
    });
  });
}

const parametersOf = (url: string): URLSearchParams =>
  new URL(url, 'http://localhost').searchParams;
