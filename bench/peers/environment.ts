import { readFileSync } from 'node:fs';

/** Base URLs of the services. */
export function serviceUrls() {
  return {
    user: requireVariable('USER_SERVICE_URL'),
    order: requireVariable('ORDER_SERVICE_URL'),
    notification: requireVariable('NOTIFICATION_SERVICE_URL'),
  };
}

/** The BFF whose schema the peer serves. */
export const schemaName = () => (requireVariable('BENCH_SCHEMA') === 'web' ? 'web' : 'mobile');

/** SDL of that schema: the product's own printed schema. */
export const typeDefs = (): string =>
  readFileSync(new URL(`../../bff-${schemaName()}/schema.graphql`, import.meta.url), 'utf8');

/** @throws Error if the environment variable is missing or empty */
export function requireVariable(name: string): string {
  const value = process.env[name];
  if (!value) throw new Error(`${name} must be set`);
  return value;
}
