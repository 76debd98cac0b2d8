import { urlVariable } from '../../src/config/index.ts';
import { UPSTREAMS } from '../../src/datasources/upstreams.ts';

/** What production demands, for tests in which no token needs to be accepted: nothing listens there. */
export const PRODUCTION = {
  NODE_ENV: 'production',
  JWKS_URL: 'http://127.0.0.1:1/.well-known/jwks.json',
  JWT_ISSUER: 'https://id.example',
  JWT_AUDIENCE: 'shop',
  // The documents of tests are registered nowhere.
  OPERATIONS: 'any',
};

/** Addresses of all upstreams, where nothing listens. */
export const UNREACHABLE_UPSTREAMS: Readonly<Record<string, string>> = Object.fromEntries(
  Object.keys(UPSTREAMS).map((name) => [urlVariable(name), 'http://127.0.0.1:1']),
);
