import { randomBytes } from 'node:crypto';
import type { KoaContextWithOIDC } from 'oidc-provider';
import { base } from 'oidc-provider/lib/helpers/interaction_policy/index.js';
import { Provider } from 'oidc-provider/lib/provider.js';
import { DEMO_KEY } from '../support/demo-key.ts';
import { DEMO_AUDIENCE, DEMO_ISSUER } from '../support/tokens.ts';
import { findAccount } from './accounts.ts';
import { CLIENT_ID } from './client.ts';
import { createMemoryAdapter } from './memory-adapter.ts';
import { errorPage, loggedOutPage, logoutPage } from './pages.ts';

export type ProviderOptions = {
  /** The secret of the client `frontdesk-web`. */
  clientSecret: string;
  /** The origin of the web BFF as browsers see it. */
  clientUrl: string;
  accessTokenSeconds: number;
  refreshTokenSeconds: number;
};

/** The identifier (RFC 8707) of the BFFs, the only resource that access tokens are for. */
const RESOURCE = `${DEMO_ISSUER}/${DEMO_AUDIENCE}`;
const LOOPBACK_HOSTS = ['127.0.0.1', '[::1]', 'localhost'];
const HOUR_SECONDS = 3_600;

/**
 * Creates an OpenID provider with one confidential client. Its access tokens are JWTs of the demo's
 * issuer, signed with the demo's key: BFFs accept them as they accept those of `npm run token`.
 */
export function createProvider(options: ProviderOptions): Provider {
  const { clientSecret, clientUrl, accessTokenSeconds, refreshTokenSeconds } = options;
  return new Provider(DEMO_ISSUER, {
    adapter: createMemoryAdapter(),
    clients: [
      {
        client_id: CLIENT_ID,
        client_name: 'Frontdesk',
        client_secret: clientSecret,
        // A native client's redirect URI at a loopback address matches with any port (RFC 8252 §7.3).
        application_type: isLoopback(clientUrl) ? 'native' : 'web',
        redirect_uris: [new URL('/auth/callback', clientUrl).href],
        post_logout_redirect_uris: [new URL('/', clientUrl).href],
        backchannel_logout_uri: new URL('/auth/backchannel-logout', clientUrl).href,
        backchannel_logout_session_required: true,
        grant_types: ['authorization_code', 'refresh_token'],
        response_types: ['code'],
        id_token_signed_response_alg: DEMO_KEY.alg,
      },
    ],
    jwks: { keys: [DEMO_KEY] },
    cookies: { keys: [randomBytes(32).toString('base64url')] },
    clockTolerance: 0,
    responseTypes: ['code'],
    pkce: { required: () => true },
    // Also without `prompt=consent`, which OpenID Connect Core §11 demands for offline_access.
    issueRefreshToken: async () => true,
    rotateRefreshToken: true,
    // A logout at the provider ends all tokens of that browser.
    expiresWithSession: async () => true,
    ttl: {
      AccessToken: accessTokenSeconds,
      AuthorizationCode: 60,
      Grant: 24 * HOUR_SECONDS,
      IdToken: HOUR_SECONDS,
      Interaction: HOUR_SECONDS,
      RefreshToken: refreshTokenSeconds,
      Session: 24 * HOUR_SECONDS,
    },
    features: {
      backchannelLogout: { enabled: true },
      devInteractions: { enabled: false },
      revocation: {
        enabled: true,
        allowedPolicy: async (_ctx, client, token) => token.clientId === client.clientId,
      },
      rpInitiatedLogout: {
        enabled: true,
        logoutSource: async (ctx, form) => {
          ctx.body = logoutPage(form);
        },
        postLogoutSuccessSource: async (ctx) => {
          ctx.body = loggedOutPage();
        },
      },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => RESOURCE,
        useGrantedResource: () => true,
        getResourceServerInfo: () => ({
          audience: DEMO_AUDIENCE,
          // No scopes: the token has all rights of its user.
          scope: '',
          accessTokenTTL: accessTokenSeconds,
          accessTokenFormat: 'jwt',
          jwt: { sign: { alg: DEMO_KEY.alg } },
        }),
      },
    },
    findAccount: (_ctx, id) => {
      const account = findAccount(id);
      return account && { accountId: id, claims: () => ({ sub: id, name: account.name }) };
    },
    extraTokenClaims: (_ctx, token) =>
      'accountId' in token ? { role: findAccount(String(token.accountId))?.role } : undefined,
    interactions: { url: (_ctx, { uid }) => `/interaction/${uid}`, policy: withoutConsent() },
    loadExistingGrant,
    renderError: (ctx, { error, error_description }) => {
      ctx.type = 'html';
      ctx.body = errorPage(error, error_description);
    },
    // The library's own refuses loopback addresses, where the demo's BFF listens.
    fetch: (url, init = {}) => {
      const { dispatcher: _refusesLoopback, ...rest } = init as RequestInit & {
        dispatcher: unknown;
      };
      return fetch(url, rest);
    },
  });
}

const isLoopback = (url: string): boolean => {
  const { protocol, hostname } = new URL(url);
  return protocol === 'http:' && LOOPBACK_HOSTS.includes(hostname);
};

function withoutConsent() {
  const policy = base();
  policy.remove('consent');
  return policy;
}

/** Grants what is asked for without a page for consent. */
async function loadExistingGrant({ oidc }: KoaContextWithOIDC) {
  const { client, session, provider } = oidc;
  if (!client || !session?.accountId) return undefined;
  const grantId = session.grantIdFor(client.clientId);
  const existing = grantId ? await provider.Grant.find(grantId) : undefined;
  const grant =
    existing ?? new provider.Grant({ clientId: client.clientId, accountId: session.accountId });
  grant.addOIDCScope([...oidc.requestParamScopes].join(' '));
  await grant.save();
  return grant;
}
