import { fileURLToPath } from 'node:url';
import { DEMO_AUDIENCE, DEMO_ISSUER } from '../../services/user/tokens.ts';

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url));

/** The servers under test: Node programs that print `listening on <address>`. */
export const PEERS: Readonly<Record<string, string>> = {
  frontdesk: path('../../bff-mobile/main.ts'),
  'apollo-got': path('apollo-got.ts'),
  'fanout-undici': path('fanout-undici.ts'),
  'apollo-cache': path('apollo-cache.ts'),
  'yoga-cache': path('yoga-cache.ts'),
  'fastify-constant': path('fastify-constant.ts'),
};

/** The environment of every peer: the same variables that the product reads. */
export function environmentOf(urls: Readonly<Record<string, string>>): Record<string, string> {
  return {
    // Not production, which does not believe the demo's tokens; it answers by the same code.
    NODE_ENV: 'test',
    LOG_LEVEL: 'silent',
    DRAIN_DELAY_MS: '0',
    HOST: '127.0.0.1',
    MOBILE_PORT: '0',
    MOBILE_ADMIN_PORT: '0',
    USER_SERVICE_URL: urls.user ?? '',
    ORDER_SERVICE_URL: urls.order ?? '',
    NOTIFICATION_SERVICE_URL: urls.notification ?? '',
    JWKS_URL: `${urls.user}/.well-known/jwks.json`,
    JWT_ISSUER: DEMO_ISSUER,
    JWT_AUDIENCE: DEMO_AUDIENCE,
  };
}
