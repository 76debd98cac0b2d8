import { createCredentialReader } from '../auth/credentials.ts';
import { createAuth } from '../auth/login/index.ts';
import type { BffDefinition } from '../bff.ts';
import type { Config } from '../config/index.ts';
import type { SharedRedis } from '../redis/client.ts';
import type { Log } from '../telemetry/log.ts';

/** Creates the reader of credentials; and login and sessions, if they are configured. */
export function createAuthentication(
  { credentials: accepted }: BffDefinition,
  config: Config,
  { redis, log }: { readonly redis: SharedRedis | undefined; readonly log: Log },
) {
  const issuers = config.issuers.map(({ issuer }) => issuer);
  const auth = config.login && createAuth(config.login, { issuers, redis, log });
  const credentials = createCredentialReader({
    ...config,
    credentials: accepted,
    sessions: auth?.sessions,
    log,
  });
  return { auth, credentials };
}
