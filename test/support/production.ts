import { urlVariable } from '../../src/config/index.ts';
import { STAND_INS } from './services.ts';

/** The variables that production requires, for tests that need no valid token: nothing listens there. */
export const PRODUCTION = {
  NODE_ENV: 'production',
  JWKS_URL: 'http://127.0.0.1:1/.well-known/jwks.json',
  JWT_ISSUER: 'https://id.example',
  JWT_AUDIENCE: 'shop',
  // The operations of tests are not registered.
  OPERATIONS: 'any',
};

/** URLs of the upstreams of the product and of the fixture, where nothing listens. */
export const UNREACHABLE_UPSTREAMS: Readonly<Record<string, string>> = Object.fromEntries(
  Object.keys(STAND_INS).map((name) => [urlVariable(name), 'http://127.0.0.1:1']),
);
