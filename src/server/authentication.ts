import { createCredentialReader } from '../auth/credentials.ts';
import { createAuth } from '../auth/login/index.ts';
import { createOneTimeValues } from '../auth/one-time-values.ts';
import type { BffDefinition } from '../bff.ts';
import type { Config } from '../config/index.ts';
import { createProofReader } from '../http/request-proof.ts';
import type { SharedRedis } from '../redis/client.ts';
import type { Log } from '../telemetry/log.ts';
import type { SharedCounter } from '../traffic/index.ts';
import type { Peers } from './peers.ts';

interface AuthenticationParts {
  readonly redis: SharedRedis | undefined;
  readonly log: Log;
  readonly peers: Peers | undefined;
}

/**
 * Creates the readers of credentials and of what proves that their sender may use them; and login and
 * sessions, if they are configured.
 */
export function createAuthentication(
  { name, credentials: accepted }: BffDefinition,
  config: Config,
  { redis, log, peers }: AuthenticationParts,
) {
  const { issuers, login } = config;
  const auth = login && createAuth(login, { issuers, redis, log });
  const credentials = createCredentialReader({
    ...config,
    credentials: accepted,
    sessions: auth?.sessions,
    // The URL in a proof tells the BFFs apart, unless they share one.
    usedProofs: createOneTimeValues(`frontdesk:proof:${name}:`, {
      redis,
      useInWorkers: peers && countUses(peers.counter),
    }),
    log,
  });
  const readProof = createProofReader({
    publicUrl: config.publicUrl,
    acceptsCertificates: accepted.includes('certificate'),
    trustedProxies: config.network.trustedProxies,
  });
  return { auth, credentials, readProof };
}

/** Counts in the primary, for all workers, how often a value was used. */
const countUses =
  (counter: SharedCounter) =>
  async (key: string, windowMs: number): Promise<boolean> =>
    (await counter({ policy: 'proof', key, units: 1, windowMs })).used === 1;
