import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import { ConfigError, findMisspelt, loadConfig, urlVariable } from '../../src/config/index.ts';
import { UPSTREAMS } from '../../src/datasources/upstreams.ts';

const WEB = { name: 'web', port: 4000, adminPort: 9400, upstreams: UPSTREAMS };
const BFFS = ['web', 'mobile', 'partner'];
const MAIN = (bff: string) => new URL(`../../bff-${bff}/main.ts`, import.meta.url).pathname;

const PRODUCTION = {
  NODE_ENV: 'production',
  ...Object.fromEntries(
    Object.keys(UPSTREAMS).map((name) => [urlVariable(name), `https://${name}.internal`]),
  ),
  JWKS_URL: 'https://id.example/keys',
  JWT_ISSUER: 'https://id.example',
  JWT_AUDIENCE: 'shop',
};

const load = (env: NodeJS.ProcessEnv) => loadConfig(env, WEB);

/** The lines below the headline of the message with which a configuration is refused. */
function faultsOf(env: NodeJS.ProcessEnv): string[] {
  try {
    load(env);
  } catch (error) {
    assert.ok(error instanceof ConfigError, `not a ConfigError: ${error}`);
    const [headline, ...faults] = error.message.split('\n');
    assert.equal(headline, 'The configuration is wrong:');
    return faults.map((line) => line.trim());
  }
  return [];
}

const variablesOf = (faults: string[]) => faults.map((fault) => fault.split(':')[0]).sort();

/** Starts a BFF with this environment and nothing else of ours, and waits for its end. */
async function startProcess(env: Record<string, string>, bff = 'web') {
  const child = spawn(process.execPath, [MAIN(bff)], {
    timeout: 20_000,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const [stdout, stderr, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'exit'),
  ]);
  return { stdout, stderr, code };
}

test('an empty environment gives the demo on this machine', () => {
  const config = load({});
  assert.equal(config.production, false);
  assert.equal(config.host, '127.0.0.1');
  assert.equal(config.port, WEB.port);
  assert.equal(config.logLevel, 'warn');
  assert.equal(config.requestDeadlineMs, 5_000);
  assert.equal(config.sandboxToken, undefined);
  assert.deepEqual(config.upstreams.urls.user?.map(String), ['http://127.0.0.1:5001/']);
  assert.deepEqual(config.upstreams.urls.order?.map(String), ['http://127.0.0.1:5002/']);
  assert.deepEqual(config.upstreams.urls.notification?.map(String), ['http://127.0.0.1:5003/']);
  assert.equal(config.tokens.jwksUrl.href, 'http://127.0.0.1:5001/.well-known/jwks.json');
});

test('outside of production the keys come from the user service that is given', () => {
  const { tokens } = load({ USER_SERVICE_URL: 'http://127.0.0.1:6001,http://127.0.0.1:6002' });
  assert.equal(tokens.jwksUrl.href, 'http://127.0.0.1:6001/.well-known/jwks.json');
});

test('production demands everything that has no safe default', () => {
  const faults = faultsOf({ NODE_ENV: 'production' });
  const { NODE_ENV: _given, ...demanded } = PRODUCTION;
  assert.deepEqual(variablesOf(faults), Object.keys(demanded).sort());
  for (const fault of faults) assert.match(fault, /: must be set$/);
});

for (const variable of Object.keys(PRODUCTION).filter((name) => name !== 'NODE_ENV')) {
  test(`production does not start without ${variable}, and names it alone`, () => {
    assert.deepEqual(faultsOf({ ...PRODUCTION, [variable]: undefined }), [
      `${variable}: must be set`,
    ]);
  });
}

test('production takes what it is given, and no token for the explorer', () => {
  const config = load({ ...PRODUCTION, SANDBOX_TOKEN: 'secret' });
  assert.equal(config.production, true);
  assert.equal(config.logLevel, 'info');
  assert.equal(config.sandboxToken, undefined);
  assert.deepEqual(config.tokens, {
    jwksUrl: new URL(PRODUCTION.JWKS_URL),
    issuer: PRODUCTION.JWT_ISSUER,
    audience: PRODUCTION.JWT_AUDIENCE,
  });
});

test('all variables at fault are named in one message', () => {
  const faults = faultsOf({
    WEB_PORT: 'abc',
    ORDER_SERVICE_URL: 'ftp://orders',
    NOTIFICATION_SERVICE_URL: 'http://one,two',
    REQUEST_DEADLINE_MS: '0',
    LOG_LEVEL: 'loud',
  });
  assert.deepEqual(variablesOf(faults), [
    'LOG_LEVEL',
    'NOTIFICATION_SERVICE_URL',
    'ORDER_SERVICE_URL',
    'REQUEST_DEADLINE_MS',
    'WEB_PORT',
  ]);
});

test('a variable with several wrong parts is named once', () => {
  assert.deepEqual(variablesOf(faultsOf({ ORDER_SERVICE_URL: 'one,two' })), ['ORDER_SERVICE_URL']);
});

test('an unknown NODE_ENV is refused, so that a slip of the pen is not development', () => {
  assert.deepEqual(variablesOf(faultsOf({ ...PRODUCTION, NODE_ENV: 'prod' })), ['NODE_ENV']);
});

test('several addresses of a service are separated by commas', () => {
  const { upstreams } = load({ ORDER_SERVICE_URL: 'http://a:1, http://b:2,https://c' });
  assert.deepEqual(upstreams.urls.order?.map(String), ['http://a:1/', 'http://b:2/', 'https://c/']);
});

for (const [given, port] of [
  ['0', 0],
  ['65535', 65_535],
] as const) {
  test(`port ${given} is accepted`, () => assert.equal(load({ WEB_PORT: given }).port, port));
}

for (const given of ['65536', '-1', 'abc', '1.5', '1e3', ' ']) {
  test(`port ${JSON.stringify(given)} is refused`, () => {
    assert.deepEqual(variablesOf(faultsOf({ WEB_PORT: given })), ['WEB_PORT']);
  });
}

test("another BFF's port does not matter", () => {
  assert.equal(load({ MOBILE_PORT: 'abc', PORT: 'abc' }).port, WEB.port);
});

test('an empty variable counts as not given', () => {
  const names = ['NODE_ENV', 'WEB_PORT', 'USER_SERVICE_URL', 'LOG_LEVEL', 'REQUEST_DEADLINE_MS'];
  const empty = Object.fromEntries(names.map((name) => [name, '']));
  assert.deepEqual(load(empty), load({}));
  assert.deepEqual(faultsOf({ ...PRODUCTION, JWKS_URL: '' }), ['JWKS_URL: must be set']);
});

for (const address of ['localhost:5001', 'nonsense']) {
  test(`the user service at "${address}" is named, and nothing else`, () => {
    assert.deepEqual(variablesOf(faultsOf({ USER_SERVICE_URL: address })), ['USER_SERVICE_URL']);
  });
}

test('a process with a wrong configuration says what is wrong, and ends with 1', async () => {
  const env = { WEB_PORT: 'abc', LOG_LEVEL: 'loud' };
  const { code, stdout, stderr } = await startProcess(env);
  assert.equal(code, 1);
  assert.equal(stdout, '');
  assert.throws(() => load(env), { name: 'ConfigError', message: stderr.trimEnd() });
  assert.doesNotMatch(stderr, /^\s+at /m);
});

for (const [variable, host] of [
  // 203.0.113.0/24 belongs to nobody (RFC 5737), and names below .invalid do not exist (RFC 2606).
  ['HOST', '203.0.113.9'],
  ['HOST', 'nope.invalid'],
  ['ADMIN_HOST', '1.2.3.4.5'],
] as const) {
  test(`${variable}=${host}, which is not of this machine, is named by its variable`, async () => {
    const { code, stderr } = await startProcess({
      WEB_PORT: '0',
      WEB_ADMIN_PORT: '0',
      [variable]: host,
    });
    assert.equal(code, 1);
    assert.equal(
      stderr,
      `The configuration is wrong:\n  ${variable}: must be an IP address or a name of this machine, ` +
        `or 0.0.0.0 for all interfaces, not "${host}"\n`,
    );
  });
}

/** A port that another program has. */
async function occupyPort() {
  const occupant = createServer().listen(0, '127.0.0.1');
  await once(occupant, 'listening');
  const { port } = occupant.address() as AddressInfo;
  return { port, [Symbol.asyncDispose]: () => occupant[Symbol.asyncDispose]() };
}

test('a port in use reads as one clear line, and ends the process with 1', async () => {
  await using occupied = await occupyPort();
  const { code, stderr } = await startProcess({
    WEB_PORT: String(occupied.port),
    WEB_ADMIN_PORT: '0',
  });
  assert.equal(code, 1);
  assert.equal(
    stderr,
    `The configuration is wrong:\n  WEB_PORT: port ${occupied.port} is in use by another program\n`,
  );
});

test('a port and an admin port in use are named together', async () => {
  await using occupied = await occupyPort();
  await using occupiedToo = await occupyPort();
  const { code, stderr } = await startProcess({
    WEB_PORT: String(occupied.port),
    WEB_ADMIN_PORT: String(occupiedToo.port),
  });
  assert.equal(code, 1);
  assert.deepEqual(stderr.split('\n').slice(1, -1), [
    `  WEB_PORT: port ${occupied.port} is in use by another program`,
    `  WEB_ADMIN_PORT: port ${occupiedToo.port} is in use by another program`,
  ]);
});

test('one message names variables, secret files, key file and manifest that are wrong', async () => {
  const { code, stderr } = await startProcess(
    {
      PARTNER_PORT: 'abc',
      NODE_ENV: 'prod',
      OPERATIONS: 'all',
      BATCH_MOST: '-1',
      DNS_SERVERS: '10.0.0.2, nonsense',
      INTROSPECTION_URL: 'https://id.example/introspect',
      UPSTREAM_TOKEN_FILE: '/nowhere/token',
      API_KEYS_PATH: '/nowhere/keys.json',
      OPERATIONS_MANIFEST: '/nowhere/manifest.json',
    },
    'partner',
  );
  assert.equal(code, 1);
  const [headline, ...faults] = stderr.trimEnd().split('\n');
  assert.equal(headline, 'The configuration is wrong:');
  assert.deepEqual(
    faults.map((fault) => fault.trim()),
    [
      'UPSTREAM_TOKEN_FILE: there is no file to read at "/nowhere/token"',
      'NODE_ENV: must be development, test or production',
      'PARTNER_PORT: must be a port number, 0 to 65535',
      'OPERATIONS: must be any or trusted',
      'BATCH_MOST: must be a whole number, at most 999999999; 0 for none',
      'DNS_SERVERS: must be IP addresses, each with or without a port: 10.0.0.2, 10.0.0.3:5353, [::1]:53',
      'INTROSPECTION_CLIENT_ID: must be set with INTROSPECTION_URL',
      'INTROSPECTION_CLIENT_SECRET: must be set with INTROSPECTION_URL',
      'API_KEYS_PATH: there is no file to read at "/nowhere/keys.json"',
      'OPERATIONS_MANIFEST: there is no file to read at "/nowhere/manifest.json"',
    ],
  );
});

test('a key file and a manifest are reported together when all variables are right', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'frontdesk-config-'));
  const manifest = join(folder, 'manifest.json');
  await writeFile(manifest, '{"format":"another","version":1,"operations":[]}');
  const env = { API_KEYS_PATH: '/nowhere/keys.json', OPERATIONS_MANIFEST: manifest };
  const { stderr } = await startProcess(env, 'partner');
  await rm(folder, { recursive: true });
  assert.deepEqual(stderr.trimEnd().split('\n').slice(1).sort(), [
    '  API_KEYS_PATH: there is no file to read at "/nowhere/keys.json"',
    `  OPERATIONS_MANIFEST: "${manifest}": format: is missing or not valid`,
    `  OPERATIONS_MANIFEST: "${manifest}": two forms are accepted: { "<id>": "<text of an operation>", … }, ` +
      'or { "format": "apollo-persisted-query-manifest", "version": 1, "operations": [ … ] }',
  ]);
});

test('a secret whose file cannot be read is not also reported as missing', async () => {
  const { stderr } = await startProcess({
    INTROSPECTION_URL: 'https://id.example/introspect',
    INTROSPECTION_CLIENT_ID: 'frontdesk',
    INTROSPECTION_CLIENT_SECRET_FILE: '/nowhere/secret',
  });
  assert.deepEqual(stderr.trimEnd().split('\n').slice(1), [
    '  INTROSPECTION_CLIENT_SECRET_FILE: there is no file to read at "/nowhere/secret"',
  ]);
});

for (const [given, similarTo] of [
  ['CORS_ORIGIN', 'CORS_ORIGINS'],
  ['WEBPORT', 'WEB_PORT'],
  ['REQEST_DEADLINE_MS', 'REQUEST_DEADLINE_MS'],
  ['ALLOWED_ADDRESSES', 'ALLOW_ADDRESSES'],
  ['VIEWER_SIGNING_KEY_FLIE', 'VIEWER_SIGNING_KEY_FILE'],
  ['LOGLEVEL', 'LOG_LEVEL'],
  ['ORDERS_SERVICE_PORT', 'ORDER_SERVICE_PORT'],
  ['TRUSTED_PROXY', 'TRUSTED_PROXIES'],
  ['ALLOW_ADDRESS', 'ALLOW_ADDRESSES'],
  ['Cors_Origins', 'CORS_ORIGINS'],
  ['web_port', 'WEB_PORT'],
  ['CACHE_MEMORY', 'CACHE_MEMORY_MB'],
  ['RATE_LIMIT', 'RATE_LIMIT_ADDRESS or RATE_LIMIT_VIEWER'],
  ['VIEWER_SIGNING', 'VIEWER_SIGNING_KEY'],
  ['USER_SERVICE', 'USER_SERVICE_URL or USER_SERVICE_PORT'],
] as const) {
  test(`the unknown variable ${given} gets a warning that names ${similarTo}`, () => {
    assert.deepEqual(load({ [given]: 'x' }).warnings, [
      { message: 'unknown variable ignored', fields: { variable: given, similarTo } },
    ]);
  });
}

async function exampleVariables(): Promise<readonly string[]> {
  const example = await readFile(new URL('../../.env.example', import.meta.url), 'utf8');
  return [...example.matchAll(/^([A-Z_]+)=/gm)].map(([, name = '']) => name);
}

test('the .env.example has the URL and the port of each upstream', async () => {
  const names = await exampleVariables();
  for (const upstream of Object.keys(UPSTREAMS)) {
    const prefix = `${upstream.toUpperCase()}_SERVICE`;
    assert.ok(names.includes(`${prefix}_URL`) && names.includes(`${prefix}_PORT`), prefix);
  }
});

test('a BFF with another upstream has its variables, and none of the product', () => {
  const bff = { ...WEB, upstreams: { review: { port: 6001 } } };
  const config = loadConfig({ JWKS_URL: PRODUCTION.JWKS_URL }, bff);
  assert.deepEqual(Object.keys(config.upstreams.urls), ['review']);
  assert.deepEqual(config.upstreams.urls.review?.map(String), ['http://127.0.0.1:6001/']);
  assert.throws(() => loadConfig({ ...PRODUCTION, REVIEW_SERVICE_URL: 'nonsense' }, bff), {
    faults: ['REVIEW_SERVICE_URL: must be http, https or srv+http(s) addresses'],
  });
  const misspelt = { JWKS_URL: PRODUCTION.JWKS_URL, REVIEWS_SERVICE_URL: 'x' };
  assert.deepEqual(
    loadConfig(misspelt, bff).warnings.map(({ fields }) => fields.similarTo),
    ['REVIEW_SERVICE_URL'],
  );
});

test('no variable of .env.example gets a warning', async () => {
  const names = await exampleVariables();
  assert.ok(names.length > 30);
  const env = Object.fromEntries(names.map((name) => [name, 'x']));
  const upstreams = Object.keys(UPSTREAMS);
  for (const bffs of [['web'], ['partner'], BFFS]) {
    assert.deepEqual(findMisspelt(env, { bffs, upstreams }), []);
  }
});

test('variables of the system and of other programs get no warning', () => {
  const env = {
    PATH: '/bin',
    PORT: '80',
    HOSTNAME: 'x',
    NODE_OPTIONS: '',
    NODE_PATH: 'x',
    DATABASE_URL: 'x',
    REDIS_HOST: 'x',
    XDG_DATA_DIRS: 'x',
    USER: 'x',
    DATA: 'x',
    host: 'x86_64-linux',
    http_proxy: 'x',
    USER_SERVICE_HOST: '10.0.0.1',
    ORDERS_SERVICE_HOST: '10.0.0.1',
    WEB_SERVICE_PORT: '80',
    npm_config_loglevel: 'error',
  };
  assert.deepEqual(load(env).warnings, []);
});

/**
 * Starts the web BFF on free ports, and ends it when it listens and has logged so much.
 * @returns what it logged about variables
 */
async function warningsOf(env: Record<string, string>, count: number) {
  const child = spawn(process.execPath, [MAIN('web')], {
    timeout: 20_000,
    env: { WEB_PORT: '0', WEB_ADMIN_PORT: '0', ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const warnings: Record<string, unknown>[] = [];
  let isListening = false;
  for await (const line of createInterface({ input: child.stdout })) {
    isListening ||= line.includes('admin listening');
    const { msg, level, variable, similarTo, consequence } = line.startsWith('{')
      ? JSON.parse(line)
      : {};
    if (variable) warnings.push({ msg, level, variable, similarTo, consequence });
    if (isListening && warnings.length >= count) child.kill('SIGKILL');
  }
  return warnings;
}

test('a process logs an unknown variable that resembles one of ours, and starts', async () => {
  assert.deepEqual(await warningsOf({ CORS_ORIGIN: 'https://shop.example' }, 1), [
    {
      level: 40,
      msg: 'unknown variable ignored',
      variable: 'CORS_ORIGIN',
      similarTo: 'CORS_ORIGINS',
      consequence: undefined,
    },
  ]);
});

test('production logs once for each variable it should have, with the consequence', async () => {
  const warnings = await warningsOf(PRODUCTION, 4);
  assert.deepEqual(
    warnings.map(({ msg, level, variable }) => ({ msg, level, variable })),
    ['UPSTREAM_TOKEN', 'VIEWER_SIGNING_KEY', 'PURGE_SECRET', 'TRUSTED_PROXIES'].map((variable) => ({
      msg: 'variable not set',
      level: 40,
      variable,
    })),
  );
  for (const { consequence } of warnings) assert.match(String(consequence), /^[A-Z][^\n]{30,}\.$/);
});

test('production does not warn about variables that are set, nor development about missing ones', () => {
  const secret = 'a-secret-that-only-this-test-knows';
  const recommended = {
    UPSTREAM_TOKEN: secret,
    VIEWER_SIGNING_KEY: secret,
    PURGE_SECRET: secret,
    TRUSTED_PROXIES: '10.0.0.1',
  };
  assert.deepEqual(load({ ...PRODUCTION, ...recommended }).warnings, []);
  const { PURGE_SECRET: _given, ...others } = recommended;
  const [warning, ...more] = load({ ...PRODUCTION, ...others }).warnings;
  assert.deepEqual([warning?.fields.variable, more], ['PURGE_SECRET', []]);
  assert.deepEqual(load({}).warnings, []);
});

test('production does not believe the issuer of the demo, whose key is public', () => {
  const env = { ...PRODUCTION, JWT_ISSUER: 'https://demo.frontdesk.example' };
  assert.deepEqual(variablesOf(faultsOf(env)), ['JWT_ISSUER']);
});

test('a service is found by DNS alone, or by addresses', () => {
  const { upstreams } = load({ ORDER_SERVICE_URL: 'srv+http://_orders._tcp.example.org/api' });
  assert.equal(upstreams.urls.order?.[0]?.href, 'srv+http://_orders._tcp.example.org/api');
  const mixed = { ORDER_SERVICE_URL: 'srv+http://_orders._tcp.example.org,http://a:1' };
  assert.deepEqual(variablesOf(faultsOf(mixed)), ['ORDER_SERVICE_URL']);
});

test('CORS_HEADERS are names of headers, and not all of them', () => {
  const { corsHeaders } = load({ CORS_HEADERS: 'X-Tenant, x_replay!' });
  assert.deepEqual(corsHeaders, ['x-tenant', 'x_replay!']);
  for (const wrong of ['*', 'x-a, *', 'x a', 'x-a;', 'x-a,', 'naïve', 'x-a: 1']) {
    assert.deepEqual(faultsOf({ CORS_HEADERS: wrong }), [
      'CORS_HEADERS: must be names of headers, separated by commas, and not *',
    ]);
  }
});
