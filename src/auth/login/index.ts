/**
 * Login at an OpenID provider, and the sessions that it opens. The tokens of a session never reach the page
 * (RFC 10017 §6.1):
 *
 *   /auth/login ───► login.ts ─► provider ─► /auth/callback ─► login.ts ─► sessions.ts ─► Set-Cookie
 *   Cookie ────────► sessions.ts ─► session-store.ts (cookie or Redis) ─► access token
 *                        └─ before the token expires ─► renewal.ts ─► provider
 *   logout, here or at the provider (backchannel-logout.ts) ─► revocations.ts
 *
 * provider.ts has the provider's metadata, transaction.ts the logins that are not finished, sealer.ts the
 * encryption. openid-client and jose implement the protocols.
 *
 * It must never give a token to a page or a log line, trust a callback that this browser has not started,
 * use a refresh token twice, or take the host of a request for its own.
 */
import type { IssuerConfig, LoginConfig } from '../../config/index.ts';
import type { SharedRedis } from '../../redis/client.ts';
import type { Log } from '../../telemetry/log.ts';
import { createOneTimeValues } from '../one-time-values.ts';
import { createBackchannelLogout } from './backchannel-logout.ts';
import { createLogin } from './login.ts';
import { createProvider } from './provider.ts';
import { createLogoutUrl, createTokenRevocation } from './provider-logout.ts';
import { createRenewal } from './renewal.ts';
import { withRetries } from './retrying-redis.ts';
import { createRevocations } from './revocations.ts';
import { createSealer } from './sealer.ts';
import type { Session } from './session.ts';
import { createCookieStore, createRedisStore } from './session-store.ts';
import { createSessions } from './sessions.ts';
import { createTransactionCookies, type LoginTransaction } from './transaction.ts';

interface AuthParts {
  /** The issuers whose tokens are accepted. */
  readonly issuers: readonly IssuerConfig[];
  readonly redis: SharedRedis | undefined;
  readonly log: Log;
}

/** Creates login, sessions and logout of one BFF. Does not wait for the provider. */
export function createAuth(config: LoginConfig, { issuers, redis, log }: AuthParts) {
  const { sessionMaxAgeMs: maxAgeMs, clientId, publicUrl } = config;
  const prefix = `frontdesk:session:${clientId}`;
  const sealer = createSealer<Session>(config, 'session');
  const transactionSealer = createSealer<LoginTransaction>(config, 'login');
  const shared = redis && withRetries(redis);
  const store = shared ? createRedisStore(shared, sealer, prefix) : createCookieStore(sealer);
  const revocations = createRevocations({ redis: shared, maxAgeMs, prefix: `${prefix}:logout:` });
  const provider = createProvider(config, { issuers, log });
  const revokeTokens = createTokenRevocation(provider, log);
  const renewal = createRenewal({ provider, store, revocations, revokeTokens, log });

  return {
    sessions: createSessions({ store, renewal, revocations }),
    login: createLogin({
      config,
      provider,
      transactions: createTransactionCookies(transactionSealer),
      usedStates: createOneTimeValues(`${prefix}:state:`, { redis }),
      log,
    }),
    logOutAtBackchannel: createBackchannelLogout({
      provider,
      clientId,
      revocations,
      usedTokens: createOneTimeValues(`${prefix}:jti:`, { redis }),
    }),
    revokeTokens,
    logoutUrl: createLogoutUrl(provider, publicUrl),
  };
}

export type Auth = ReturnType<typeof createAuth>;
