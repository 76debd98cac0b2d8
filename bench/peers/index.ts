import { fileURLToPath } from 'node:url';
import { DEMO_AUDIENCE, DEMO_ISSUER } from '../../services/user/tokens.ts';
import { EVERYTHING } from './everything.ts';

/** The product's schemas, each that of a BFF. */
export type SchemaName = 'mobile' | 'web';

/** A server under test. */
export interface Peer {
  /** A Node program that prints `listening on <address>`. */
  readonly program: (schema: SchemaName) => string;
  /** What it is told besides what all are told. */
  readonly env?: Readonly<Record<string, string>>;
  /** Whether what it prints is thrown away. */
  readonly isQuiet?: boolean;
  /** Whether its answers are right if they differ in upper and lower case alone. */
  readonly isCaseless?: boolean;
  /** Whether it can't tell staff from customers. */
  readonly hasNoRoles?: boolean;
  /** Whether it shares counters in Redis. */
  readonly hasRedis?: boolean;
}

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url));

const OWN: Peer = { program: (schema) => path(`../../bff-${schema}/main.ts`) };
const ALL_ON: Peer = { ...OWN, env: EVERYTHING, isQuiet: true };
const program = (name: string): Peer => ({ program: () => path(`${name}.ts`) });

export const PEERS: Readonly<Record<string, Peer>> = {
  frontdesk: OWN,
  'frontdesk-all-on': ALL_ON,
  'frontdesk-all-on-redis': { ...ALL_ON, hasRedis: true },
  'apollo-got': program('apollo-got'),
  mercurius: program('mercurius'),
  yoga: program('yoga'),
  tailcall: { ...program('tailcall'), isQuiet: true, isCaseless: true, hasNoRoles: true },
  'fanout-undici': program('fanout-undici'),
  'apollo-cache': program('apollo-cache'),
  'yoga-cache': program('yoga-cache'),
  'fastify-constant': program('fastify-constant'),
};

/** The environment of every peer: the same variables that the product reads. */
export function environmentOf(
  urls: Readonly<Record<string, string>>,
  schema: SchemaName,
): Record<string, string> {
  return {
    // Not production, which does not believe the demo's tokens; it answers by the same code.
    NODE_ENV: 'test',
    LOG_LEVEL: 'silent',
    DRAIN_DELAY_MS: '0',
    HOST: '127.0.0.1',
    WEB_PORT: '0',
    WEB_ADMIN_PORT: '0',
    MOBILE_PORT: '0',
    MOBILE_ADMIN_PORT: '0',
    BENCH_SCHEMA: schema,
    USER_SERVICE_URL: urls.user ?? '',
    ORDER_SERVICE_URL: urls.order ?? '',
    NOTIFICATION_SERVICE_URL: urls.notification ?? '',
    JWKS_URL: `${urls.user}/.well-known/jwks.json`,
    JWT_ISSUER: DEMO_ISSUER,
    JWT_AUDIENCE: DEMO_AUDIENCE,
  };
}
