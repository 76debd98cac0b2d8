import { createSealer } from '../../src/auth/login/sealer.ts';
import type { Session } from '../../src/auth/login/session.ts';

const SESSION_SECRET = 'the public secret of sessions in tests';

/** The variables of a login whose provider is down; sessions that need not be renewed work without it. */
export const LOGIN = {
  PUBLIC_URL: 'https://shop.example',
  LOGIN_DISCOVERY_URL: 'http://127.0.0.1:9/.well-known/openid-configuration',
  LOGIN_CLIENT_ID: 'frontdesk-web',
  LOGIN_CLIENT_SECRET: 'the secret of the web BFF in tests',
  SESSION_SECRET,
};

const HOUR_MS = 3_600_000;

/** The settings that a session is sealed for. */
export interface Sealing {
  readonly secret?: string;
  readonly clientId?: string;
  readonly publicUrl?: string;
}

/** The sealer of the sessions of a BFF with these settings. */
export const sessionSealer = ({
  secret = SESSION_SECRET,
  clientId = LOGIN.LOGIN_CLIENT_ID,
  publicUrl = LOGIN.PUBLIC_URL,
}: Sealing = {}) =>
  createSealer<Session>(
    { sessionSecrets: [secret], clientId, publicUrl: new URL(publicUrl) },
    'session',
  );

/** The value of the cookie of a session, as a login without Redis makes it. */
export function sealSession(
  accessToken: string,
  changed: Partial<Session> = {},
  sealing: Sealing = {},
): Promise<string> {
  const now = Date.now();
  const session: Session = {
    id: 'a-session-of-a-test',
    issuer: 'https://provider.example',
    subject: 'a-user-of-a-test',
    providerSession: undefined,
    accessToken,
    refreshToken: undefined,
    createdAt: now,
    renewedAt: now,
    accessExpiresAt: now + HOUR_MS,
    expiresAt: now + HOUR_MS,
    ...changed,
  };
  return sessionSealer(sealing).seal(session, HOUR_MS);
}

/** The session in a cookie, as only the BFF can read it. */
export const openSession = (cookie: string, sealing: Sealing = {}): Promise<Session | undefined> =>
  sessionSealer(sealing).open(cookie);

/** The Cookie header of a session with an access token. */
export const sessionCookie = async (accessToken: string): Promise<string> =>
  `__Host-session=${await sealSession(accessToken)}`;
