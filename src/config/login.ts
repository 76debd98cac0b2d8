import * as z from 'zod';
import type { IssuerConfig } from './issuers.ts';
import { duration, isProtected, list, secret, url } from './parsers.ts';

/** The login at an OpenID provider, and the sessions that it opens. */
export interface LoginConfig {
  /** The provider's metadata (OpenID Connect Discovery 1.0 §4). */
  readonly discoveryUrl: URL;
  readonly clientId: string;
  readonly clientSecret: string;
  /** The requested scopes, separated by spaces. */
  readonly scopes: string;
  /** Further parameters of the authorization request. */
  readonly parameters: URLSearchParams;
  /** The paths that a login may return to: `/orders`, or `/orders/*` for all below it. */
  readonly returnPaths: readonly string[];
  /** The origin that browsers see. */
  readonly publicUrl: URL;
  /** The secrets that sessions are encrypted with: new ones with the first. */
  readonly sessionSecrets: readonly [string, ...string[]];
  /** The time after its login at which a session ends, in milliseconds. */
  readonly sessionMaxAgeMs: number;
}

const protectedUrl = url.refine(isProtected, {
  error: 'must be an https address; http on this machine only',
});

/** The origin of the public listener as clients see it. */
const publicUrl = protectedUrl.refine(({ href, origin }) => href === `${origin}/`, {
  error: 'must be an origin such as https://shop.example, without a path',
});

/** A path without encoded characters, empty segments and dot segments, alone or with all below it. */
const RETURN_PATH = /^\/(?:[\w~-][\w.~-]*\/)*(?:[\w~-][\w.~-]*|\*)?$/;

const returnPaths = list.pipe(
  z.array(
    z.string().regex(RETURN_PATH, { error: 'must be paths such as /, /orders or /orders/*' }),
  ),
);

const sessionSecrets = list
  .pipe(z.array(secret))
  .transform((secrets) => secrets as [string, ...string[]]);

/** Those that belong to each login, or to the client. */
const OWN_PARAMETERS = [
  'client_id',
  'code_challenge',
  'code_challenge_method',
  'nonce',
  'redirect_uri',
  'request',
  'request_uri',
  'response_mode',
  'response_type',
  'scope',
  'state',
];

const authorizationParameters = z
  .string()
  .transform((text) => new URLSearchParams(text))
  .refine((parameters) => !OWN_PARAMETERS.some((name) => parameters.has(name)), {
    error: `must be name=value, separated by &, without ${OWN_PARAMETERS.join(', ')}`,
  });

const OPENID = /^([^\s]+ )*openid( [^\s]+)*$/;

/** The variables of login and sessions, in the order of .env.example. */
export const LOGIN_VARIABLES = {
  PUBLIC_URL: publicUrl.optional(),
  LOGIN_DISCOVERY_URL: protectedUrl.optional(),
  LOGIN_CLIENT_ID: z.string().optional(),
  LOGIN_CLIENT_SECRET: z.string().optional(),
  LOGIN_SCOPES: z
    .string()
    .regex(OPENID, { error: 'must be scopes separated by spaces, with openid among them' })
    .default('openid offline_access'),
  LOGIN_PARAMETERS: authorizationParameters.optional(),
  LOGIN_RETURN_PATHS: returnPaths.optional(),
  SESSION_SECRET: sessionSecrets.optional(),
  SESSION_MAX_AGE_MS: duration.default(12 * 3_600_000),
};

/** The variables that login needs besides LOGIN_DISCOVERY_URL. */
const NEEDED = ['LOGIN_CLIENT_ID', 'LOGIN_CLIENT_SECRET', 'PUBLIC_URL', 'SESSION_SECRET'];

type LoginVariables = z.infer<z.ZodObject<typeof LOGIN_VARIABLES>>;

/** @returns undefined if there is no login */
export function toLogin(read: LoginVariables): LoginConfig | undefined {
  const { LOGIN_DISCOVERY_URL, LOGIN_CLIENT_ID, LOGIN_CLIENT_SECRET } = read;
  const { PUBLIC_URL, SESSION_SECRET } = read;
  if (!LOGIN_DISCOVERY_URL || !LOGIN_CLIENT_ID || !LOGIN_CLIENT_SECRET) return undefined;
  if (!PUBLIC_URL || !SESSION_SECRET) return undefined;
  return {
    discoveryUrl: LOGIN_DISCOVERY_URL,
    clientId: LOGIN_CLIENT_ID,
    clientSecret: LOGIN_CLIENT_SECRET,
    scopes: read.LOGIN_SCOPES,
    parameters: read.LOGIN_PARAMETERS ?? new URLSearchParams(),
    returnPaths: read.LOGIN_RETURN_PATHS ?? ['/'],
    publicUrl: PUBLIC_URL,
    sessionSecrets: SESSION_SECRET,
    sessionMaxAgeMs: read.SESSION_MAX_AGE_MS,
  };
}

/**
 * The faults of login in a process that has it. Without Redis, the state that makes a renewal happen once is
 * in the memory of one process. The tokens of a login must belong to an own client; of several issuers, the
 * provider's metadata says whose they are.
 */
export function loginFaults(
  given: NodeJS.ProcessEnv,
  workers: number | undefined,
  [issuer, ...others]: readonly IssuerConfig[],
): string[] {
  const { LOGIN_DISCOVERY_URL, LOGIN_CLIENT_ID: id } = given;
  if (!LOGIN_DISCOVERY_URL) {
    return ['LOGIN_CLIENT_ID', 'SESSION_SECRET']
      .filter((name) => given[name])
      .map((name) => `${name}: is not used without LOGIN_DISCOVERY_URL`);
  }
  const faults = NEEDED.filter((name) => !given[name]).map(
    (name) => `${name}: must be set with LOGIN_DISCOVERY_URL`,
  );
  if (workers !== undefined && workers !== 1 && !given.REDIS_URL)
    faults.push('REDIS_URL: must be set with LOGIN_DISCOVERY_URL if WORKERS is more than 1');
  if (id && issuer && others.length === 0 && !isOwnClient(id, issuer)) {
    const variable = issuer.isListed ? 'JWT_ISSUERS: [0].clients' : 'JWT_CLIENTS';
    faults.push(`${variable}: must contain the client id of LOGIN_CLIENT_ID`);
  }
  return faults;
}

/** True if the tokens of a client have all rights of their users. */
export const isOwnClient = (id: string, { clients }: Pick<IssuerConfig, 'clients'>): boolean =>
  clients?.includes(id) ?? true;
