import Fastify, { type FastifyInstance } from 'fastify';
import { ACCOUNTS, findAccount } from './accounts.ts';
import { CLIENT_ID } from './client.ts';
import { loginPage } from './pages.ts';
import { createProvider, type ProviderOptions } from './provider.ts';

const CONTENT_SECURITY_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'";

/** Creates the demo's identity provider: OpenID Connect endpoints and a login page that lists users. */
export async function createIdentityProvider({
  accessTokenSeconds = 300,
  refreshTokenSeconds = 86_400,
  ...options
}: Partial<ProviderOptions> & Pick<ProviderOptions, 'clientSecret' | 'clientUrl'>) {
  const provider = createProvider({ accessTokenSeconds, refreshTokenSeconds, ...options });
  const app = Fastify({ exposeHeadRoutes: false, forceCloseConnections: true });
  leaveBodiesUnread(app);

  app.get<{ Params: { uid: string } }>('/interaction/:uid', async (request, reply) => {
    const { uid } = await provider.interactionDetails(request.raw, reply.raw);
    return reply
      .headers({
        'content-type': 'text/html; charset=utf-8',
        'content-security-policy': CONTENT_SECURITY_POLICY,
        'cache-control': 'no-store',
      })
      .send(loginPage(uid, CLIENT_ID, ACCOUNTS));
  });

  app.post<{ Params: { uid: string; user: string } }>(
    '/interaction/:uid/:user',
    async (request, reply) => {
      const accountId = findAccount(request.params.user)?.id;
      if (!accountId) return reply.code(404).send({ error: 'unknown_user' });
      const result = { login: { accountId } };
      return reply.redirect(await provider.interactionResult(request.raw, reply.raw, result), 303);
    },
  );

  const answer = provider.callback();
  app.all('/*', (request, reply) => {
    reply.hijack();
    void answer(request.raw, reply.raw);
  });
  return app;
}

/** The library reads request bodies itself. */
function leaveBodiesUnread(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', (_request, _body, done) => done(null));
}
