import { urlVariable } from '../../src/config/index.ts';
import { LIBRARY_UPSTREAMS } from '../support/fixture/bff.ts';

/** The variables that the library needs in production, and no others. */
export const LIBRARY_PRODUCTION = {
  NODE_ENV: 'production',
  ...Object.fromEntries(
    Object.keys(LIBRARY_UPSTREAMS).map((name) => [urlVariable(name), `https://${name}.internal`]),
  ),
  JWKS_URL: 'https://id.example/keys',
  JWT_ISSUER: 'https://id.example',
  JWT_AUDIENCE: 'library',
};
