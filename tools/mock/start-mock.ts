import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  DEMO_AUDIENCE,
  DEMO_ISSUER,
  issueToken,
  publicKeySet,
} from '../../services/support/tokens.ts';
import type { BffDefinition } from '../../src/bff.ts';
import { type Config, readAll } from '../../src/config/index.ts';
import type { UpstreamTable } from '../../src/datasources/upstreams.ts';
import { buildSchema } from '../../src/server/build-schema.ts';
import { createServer } from '../../src/server/create-server.ts';
import { adminListener, listen, publicListener } from '../../src/server/listen.ts';
import { readConfig } from '../../src/server/read-config.ts';
import { bffNames, loadBff } from '../tree.ts';
import { type Changes, createMockSource, isMocked } from './datasources.ts';
import { addRequestedFaults, FAULT_HEADERS, withFieldErrors } from './requested-faults.ts';
import { createValues, type Values } from './values.ts';

const LOCAL = { host: '127.0.0.1', port: 0 };
const TOKEN_LIFETIME_SECONDS = 30 * 86_400;

export interface Mock {
  /** The endpoint of each BFF. */
  readonly urls: ReadonlyMap<string, string>;
  /** The datasources that have no mock: what they load is an error. */
  readonly unmocked: readonly string[];
  readonly close: () => Promise<void>;
}

/**
 * Starts every BFF without its services, in this process. The same seed gives the same values.
 * @throws ConfigError that names every invalid variable
 */
export async function startMock(env: NodeJS.ProcessEnv, seed: number): Promise<Mock> {
  await using started = new AsyncDisposableStack();
  const keys = await serveKeys();
  started.defer(keys.close);
  const sandboxToken = await issueToken({
    userId: '42',
    role: 'customer',
    expiresIn: TOKEN_LIFETIME_SECONDS,
  });
  const bffs = await Promise.all(bffNames().map(loadBff));
  const variables = {
    SANDBOX_TOKEN: sandboxToken,
    ...env,
    JWKS_URL: keys.url,
    JWT_ISSUER: DEMO_ISSUER,
    JWT_AUDIENCE: DEMO_AUDIENCE,
    CORS_HEADERS: [env.CORS_HEADERS, ...FAULT_HEADERS].filter(Boolean).join(','),
    // Headers say what each response should be.
    CACHE_MEMORY_MB: '0',
    WORKERS: '1',
  };
  const configs = readAll(...bffs.map((bff) => () => readConfig(variables, bff)));
  const changes: Changes = new Map();
  const urls = new Map<string, string>();
  for (const [n, bff] of bffs.entries()) {
    const server = await startBff(bff, configs[n] as Config, seed, changes);
    started.defer(server.close);
    urls.set(bff.name, server.url);
  }
  const datasources = bffs.flatMap(({ upstreams }) =>
    Object.values(upstreams).map(({ datasource }) => datasource),
  );
  const unmocked = [...new Set(datasources)].filter((name) => !isMocked(name));
  const rest = started.move();
  return { urls, unmocked, close: () => rest.disposeAsync() };
}

async function startBff(bff: BffDefinition, config: Config, seed: number, changes: Changes) {
  const schema = buildSchema(bff);
  const upstreams = mockUpstreams(bff.upstreams, createValues(schema, seed), changes);
  // There is nothing to forward requests to.
  const { routes: _none, ...rest } = withFieldErrors(bff);
  const mocked = { ...rest, upstreams };
  const { app, admin, warmUp } = await createServer(mocked, config);
  addRequestedFaults(app, schema);
  try {
    const [address] = await listen(
      publicListener(app, bff, config),
      adminListener(admin, bff, config),
    );
    await warmUp();
    return { url: `${address}/graphql`, close: () => app.close() };
  } catch (error) {
    await app.close();
    throw error;
  }
}

const mockUpstreams = (table: UpstreamTable, values: Values, changes: Changes): UpstreamTable =>
  Object.fromEntries(
    Object.entries(table).map(([name, { grpcService: _none, ...definition }]) => {
      const create = createMockSource(definition.datasource, values, changes);
      return [name, { ...definition, createSource: () => create }];
    }),
  );

/** Serves the public key of the demo's tokens. */
async function serveKeys() {
  const server = createHttpServer((_request, response) => {
    response.setHeader('content-type', 'application/json').end(JSON.stringify(publicKeySet()));
  });
  server.listen(LOCAL);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/jwks.json`,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
