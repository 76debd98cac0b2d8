import { fileURLToPath } from 'node:url';
import { DEMO_AUDIENCE, DEMO_ISSUER } from '../../services/support/tokens.ts';
import type { EdgeName } from '../harness/edge.ts';
import { ALL_ON, EVERYTHING, FEATURES } from './all-features.ts';

/** The BFF whose schema a peer serves. */
export type SchemaName = 'mobile' | 'web';

/** A server under test. */
export interface Peer {
  /** Path of a Node program that prints `listening on <address>`. */
  readonly program: (schema: SchemaName) => string;
  readonly nodeOptions?: readonly string[];
  /** Variables in addition to those of all peers. */
  readonly env?: Readonly<Record<string, string>>;
  /** Discards its output; its start is then detected by polling `/readyz`. */
  readonly discardsOutput?: boolean;
  /** Accepts answers that differ from the expected ones only in case. */
  readonly ignoresCase?: boolean;
  /** Skips probes about roles: the peer can't tell staff from customers. */
  readonly ignoresRoles?: boolean;
  /** Not run by Node, so that nothing can be preloaded into it. */
  readonly isNative?: boolean;
  /** Shares responses, purges and rate-limit counters through Redis. */
  readonly usesRedis?: boolean;
  /** The shared cache in front of it, which is under test. */
  readonly edge?: EdgeName;
  /** Exports traces. */
  readonly exportsTraces?: boolean;
}

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url));

/** As the start scripts and the image start it. */
const nodeOptions = ['--v8-pool-size=0'];
const FRONTDESK: Peer = { program: (schema) => path(`../../bff-${schema}/main.ts`), nodeOptions };
const FRONTDESK_ALL_ON: Peer = {
  ...FRONTDESK,
  env: ALL_ON,
  discardsOutput: true,
  exportsTraces: true,
};
const withFeature = (name: keyof typeof FEATURES): Peer => ({
  ...FRONTDESK,
  env: FEATURES[name],
  discardsOutput: true,
  exportsTraces: name === 'traces',
});
const program = (name: string): Peer => ({ program: () => path(`${name}.ts`) });
const LONG_LIVED: Peer = { ...program('long-lived'), nodeOptions };

export const PEERS: Readonly<Record<string, Peer>> = {
  frontdesk: FRONTDESK,
  'frontdesk-built': { program: (schema) => path(`../../dist/${schema}.mjs`), nodeOptions },
  'frontdesk-redis': { ...FRONTDESK, usesRedis: true },
  'frontdesk-nginx': { ...FRONTDESK, edge: 'nginx' },
  'frontdesk-varnish': { ...FRONTDESK, edge: 'varnish' },
  'long-lived': LONG_LIVED,
  'long-lived-redis': { ...LONG_LIVED, usesRedis: true },
  'frontdesk-all-on': FRONTDESK_ALL_ON,
  'frontdesk-all-on-redis': { ...FRONTDESK_ALL_ON, usesRedis: true },
  'frontdesk-everything': { ...FRONTDESK_ALL_ON, env: EVERYTHING },
  'frontdesk-logs': withFeature('logs'),
  'frontdesk-limits': withFeature('limits'),
  'frontdesk-traces': withFeature('traces'),
  'frontdesk-cors': withFeature('cors'),
  'frontdesk-addresses': withFeature('addresses'),
  'apollo-got': program('apollo-got'),
  mercurius: program('mercurius'),
  yoga: program('yoga'),
  tailcall: {
    ...program('tailcall'),
    discardsOutput: true,
    ignoresCase: true,
    ignoresRoles: true,
    isNative: true,
  },
  'fanout-undici': program('fanout-undici'),
  'apollo-cache': program('apollo-cache'),
  'yoga-cache': program('yoga-cache'),
  'fastify-constant': program('fastify-constant'),
};

/** Environment of all peers, in the product's own variables. */
export function peerEnvironment(
  urls: Readonly<Record<string, string>>,
  schema: SchemaName,
): Record<string, string> {
  return {
    // Production rejects the demo's tokens. The code that answers is the same.
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
