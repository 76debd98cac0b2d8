import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import fastify from 'fastify';
import { listen } from '../../src/server/listen.ts';
import { readConfig } from '../../src/server/read-config.ts';
import { faultsOf } from '../config/faults.ts';
import { LIBRARY_PRODUCTION } from '../config/library-production.ts';
import { runLibrary, startBffProcess } from '../support/bff-process.ts';
import { library } from '../support/fixture/bff.ts';
import { until } from '../support/until.ts';

const startFaults = (env: NodeJS.ProcessEnv) => faultsOf(() => readConfig(env, library));

describe('A start with an invalid configuration', () => {
  it('names all variables, secret files, key file and manifest that are invalid', () => {
    const faults = startFaults({
      LIBRARY_PORT: 'abc',
      NODE_ENV: 'prod',
      OPERATIONS: 'all',
      BATCH_MAX_OPERATIONS: '-1',
      DNS_SERVERS: '10.0.0.2, nonsense',
      INTROSPECTION_URL: 'https://id.example/introspect',
      UPSTREAM_TOKEN_FILE: '/nowhere/token',
      API_KEYS_PATH: '/nowhere/keys.json',
      OPERATIONS_MANIFEST: '/nowhere/manifest.json',
    });
    assert.deepEqual(faults, [
      'UPSTREAM_TOKEN_FILE: there is no readable file at "/nowhere/token"',
      'NODE_ENV: must be development, test or production',
      'LIBRARY_PORT: must be a port number, 0 to 65535',
      'OPERATIONS: must be any or trusted',
      'BATCH_MAX_OPERATIONS: must be a whole number, at most 999999999; 0 for none',
      'DNS_SERVERS: must be IP addresses, each with or without a port: 10.0.0.2, 10.0.0.3:5353, [::1]:53',
      'INTROSPECTION_CLIENT_ID: must be set with INTROSPECTION_URL',
      'INTROSPECTION_CLIENT_SECRET: must be set with INTROSPECTION_URL',
      'API_KEYS_PATH: there is no readable file at "/nowhere/keys.json"',
      'OPERATIONS_MANIFEST: there is no readable file at "/nowhere/manifest.json"',
    ]);
  });

  it('names a key file and a manifest together when all variables are valid', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'start-'));
    const manifest = join(folder, 'manifest.json');
    await writeFile(manifest, '{"format":"another","version":1,"operations":[]}');
    const env = { API_KEYS_PATH: '/nowhere/keys.json', OPERATIONS_MANIFEST: manifest };
    const faults = startFaults(env);
    await rm(folder, { recursive: true });
    assert.deepEqual(faults.sort(), [
      'API_KEYS_PATH: there is no readable file at "/nowhere/keys.json"',
      `OPERATIONS_MANIFEST: "${manifest}": format: is missing or not valid`,
      `OPERATIONS_MANIFEST: "${manifest}": two forms are accepted: { "<id>": "<text of an operation>", … }, ` +
        'or { "format": "apollo-persisted-query-manifest", "version": 1, "operations": [ … ] }',
    ]);
  });

  it('does not also name a secret as missing whose file cannot be read', () => {
    const faults = startFaults({
      INTROSPECTION_URL: 'https://id.example/introspect',
      INTROSPECTION_CLIENT_ID: 'frontdesk',
      INTROSPECTION_CLIENT_SECRET_FILE: '/nowhere/secret',
    });
    assert.deepEqual(faults, [
      'INTROSPECTION_CLIENT_SECRET_FILE: there is no readable file at "/nowhere/secret"',
    ]);
  });
});

/** Listens on a free port, as another program would. */
async function occupyPort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return { port, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() };
}

describe('A listener that cannot be opened', () => {
  /** Opens two listeners, and returns the faults of those that cannot be opened. */
  async function listenFaults(host: string, port: number, adminHost: string, adminPort: number) {
    await using app = fastify();
    await using admin = fastify();
    const listeners = [
      { app, options: { host, port }, variables: { host: 'HOST', port: 'WEB_PORT' } },
      {
        app: admin,
        options: { host: adminHost, port: adminPort },
        variables: { host: 'ADMIN_HOST', port: 'WEB_ADMIN_PORT' },
      },
    ] as const;
    const error = await listen(...listeners).then(
      () => assert.fail('both listen'),
      (error: unknown) => error,
    );
    return faultsOf(() => {
      throw error;
    });
  }

  // 203.0.113.0/24 is reserved for documentation (RFC 5737), and names below .invalid never exist
  // (RFC 2606).
  for (const host of ['203.0.113.9', 'nope.invalid', '1.2.3.4.5']) {
    it(`is named by the variable of its host, if that is ${host}`, async () => {
      const expected = `must be an IP address or a name of this machine, or 0.0.0.0 for all interfaces, not "${host}"`;
      assert.deepEqual(await listenFaults(host, 0, '127.0.0.1', 0), [`HOST: ${expected}`]);
      assert.deepEqual(await listenFaults('127.0.0.1', 0, host, 0), [`ADMIN_HOST: ${expected}`]);
    });
  }

  it('is named by the variable of its port, if that is in use, together with the other', async () => {
    await using first = await occupyPort();
    await using second = await occupyPort();
    const faults = await listenFaults('127.0.0.1', first.port, '127.0.0.1', second.port);
    assert.deepEqual(faults, [
      `WEB_PORT: port ${first.port} is in use by another program`,
      `WEB_ADMIN_PORT: port ${second.port} is in use by another program`,
    ]);
  });
});

describe('A process', () => {
  it('with an invalid configuration prints only what is invalid, and exits with 1', async () => {
    const env = { LIBRARY_PORT: 'abc', LOG_LEVEL: 'loud' };
    const { code, stdout, stderr } = await runLibrary(env);
    assert.equal(code, 1);
    assert.equal(stdout, '');
    assert.throws(() => readConfig(env, library), {
      name: 'ConfigError',
      message: stderr.trimEnd(),
    });
    assert.doesNotMatch(stderr, /^\s+at /m);
  });

  it('whose ports are in use prints which ones, and exits with 1', async () => {
    await using occupied = await occupyPort();
    await using occupiedAdmin = await occupyPort();
    const { code, stderr } = await runLibrary({
      LIBRARY_PORT: String(occupied.port),
      LIBRARY_ADMIN_PORT: String(occupiedAdmin.port),
    });
    assert.equal(code, 1);
    assert.equal(
      stderr,
      'The configuration is wrong:\n' +
        `  LIBRARY_PORT: port ${occupied.port} is in use by another program\n` +
        `  LIBRARY_ADMIN_PORT: port ${occupiedAdmin.port} is in use by another program\n`,
    );
  });

  it('whose hosts are not of this machine prints their variables, and exits with 1', async () => {
    const env = { LIBRARY_PORT: '0', LIBRARY_ADMIN_PORT: '0' };
    const hosts = { HOST: '203.0.113.9', ADMIN_HOST: '203.0.113.10' };
    const { code, stderr } = await runLibrary({ ...env, ...hosts });
    assert.equal(code, 1);
    const [, host, adminHost, ...others] = stderr.split('\n');
    assert.match(host ?? '', /^ {2}HOST: must be .*"203\.0\.113\.9"$/);
    assert.match(adminHost ?? '', /^ {2}ADMIN_HOST: must be .*"203\.0\.113\.10"$/);
    assert.deepEqual(others, ['']);
  });

  it('in production logs unknown and missing variables once each, and starts', async () => {
    const env = { ...LIBRARY_PRODUCTION, CORS_ORIGIN: 'https://shop.example' };
    await using bff = await startBffProcess(library, { env });
    // The log of requests is written asynchronously.
    const warningsOf = () => bff.logEntries().filter(({ variable }) => variable);
    await until(() => warningsOf().length === 5);
    const warnings = warningsOf();
    assert.deepEqual(
      warnings.map(({ level, msg, variable, similarTo }) => [level, msg, variable, similarTo]),
      [
        [40, 'unknown variable ignored', 'CORS_ORIGIN', 'CORS_ORIGINS'],
        ...['UPSTREAM_TOKEN', 'VIEWER_SIGNING_KEY', 'PURGE_SECRET', 'TRUSTED_PROXIES'].map(
          (variable) => [40, 'variable not set', variable, undefined],
        ),
      ],
    );
    for (const { msg, consequence } of warnings) {
      if (msg === 'variable not set') assert.match(consequence, /^[A-Z][^\n]{30,}\.$/);
    }
  });
});
