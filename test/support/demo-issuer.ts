import { DEMO_AUDIENCE, DEMO_ISSUER } from '../../services/support/tokens.ts';

/** The variables of the demo's issuer, with its keys at another address. */
export const demoIssuerAt = (jwksUrl: string) => ({
  JWKS_URL: jwksUrl,
  JWT_ISSUER: DEMO_ISSUER,
  JWT_AUDIENCE: DEMO_AUDIENCE,
});
