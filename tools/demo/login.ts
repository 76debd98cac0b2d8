import { randomBytes } from 'node:crypto';
import { CLIENT_ID } from '../../services/identity/client.ts';
import type { BffDefinition } from '../../src/bff.ts';
import { freePort } from '../free-port.ts';

/** With one of them, the BFFs trust another issuer than the demo's. */
const ISSUER_VARIABLES = ['LOGIN_DISCOVERY_URL', 'JWT_ISSUER', 'JWT_ISSUERS', 'JWT_ISSUERS_FILE'];

export const usesDemoIssuer = (env: NodeJS.ProcessEnv): boolean =>
  ISSUER_VARIABLES.every((name) => !env[name]);

/** The variables of the two processes of a login, besides the secrets that they share. */
export interface DemoLogin {
  /** The address to which a browser goes. */
  readonly url: string;
  readonly identity: NodeJS.ProcessEnv;
  readonly bff: (identityUrl: string) => NodeJS.ProcessEnv;
}

/**
 * Connects a BFF that has sessions with the demo's identity provider. Without a page, the port of the BFF is
 * chosen before it starts, because its provider redirects browsers to it.
 * @param pageUrl - the origin of the page that has the BFF under the same origin; undefined if there is none
 * @returns undefined if the BFF can have no login: several workers share sessions in Redis only
 */
export async function createDemoLogin(
  { name, port }: BffDefinition,
  env: NodeJS.ProcessEnv,
  pageUrl: string | undefined,
): Promise<DemoLogin | undefined> {
  if (env.WORKERS && env.WORKERS !== '1' && !env.REDIS_URL) return undefined;
  const variable = `${name.toUpperCase()}_PORT`;
  const isChosenHere = env[variable] === '0' && !env.PUBLIC_URL && !pageUrl;
  const ownPort = isChosenHere ? await freePort() : env[variable] || port;
  const scheme = env.TLS_CERT ? 'https' : 'http';
  const publicUrl = env.PUBLIC_URL || pageUrl || `${scheme}://127.0.0.1:${ownPort}`;
  return {
    url: `${publicUrl}/auth/login`,
    identity: { PUBLIC_URL: publicUrl },
    bff: (identityUrl) => ({
      [variable]: String(ownPort),
      PUBLIC_URL: publicUrl,
      LOGIN_DISCOVERY_URL: `${identityUrl}/.well-known/openid-configuration`,
      LOGIN_CLIENT_ID: CLIENT_ID,
      SESSION_SECRET: env.SESSION_SECRET || randomBytes(32).toString('base64url'),
    }),
  };
}
