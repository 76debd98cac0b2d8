import { readFileSync } from 'node:fs';
import { createRemoteJWKSet, jwtVerify } from 'jose';

/** Where a peer finds the services. */
export function settings() {
  return {
    user: variable('USER_SERVICE_URL'),
    order: variable('ORDER_SERVICE_URL'),
    notification: variable('NOTIFICATION_SERVICE_URL'),
  };
}

/** Which of the product's schemas a peer serves. */
export const schemaName = () => (variable('BENCH_SCHEMA') === 'web' ? 'web' : 'mobile');

/** That schema, as the product has it. */
export const typeDefs = (): string =>
  readFileSync(new URL(`../../bff-${schemaName()}/schema.graphql`, import.meta.url), 'utf8');

/** Who a token is for. */
export interface Caller {
  readonly id: string;
  readonly role: unknown;
}

/**
 * Checks tokens as the product does: signature by the issuer's keys, issuer, audience, ES256, expiry.
 * @returns what reads an Authorization header; undefined if there is none
 * @throws JOSEError for a token that is not valid
 */
export function createTokenReader() {
  const keys = createRemoteJWKSet(new URL(variable('JWKS_URL')));
  const options = {
    issuer: variable('JWT_ISSUER'),
    audience: variable('JWT_AUDIENCE'),
    algorithms: ['ES256'],
    requiredClaims: ['exp', 'sub'],
  };
  return async (authorization: string | undefined): Promise<Caller | undefined> => {
    if (authorization === undefined) return undefined;
    const { payload } = await jwtVerify(authorization.replace(/^bearer /i, ''), keys, options);
    return { id: payload.sub as string, role: payload.role };
  };
}

export function variable(name: string): string {
  const value = process.env[name];
  if (!value) throw new Error(`${name} must be set`);
  return value;
}
