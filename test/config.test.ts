import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import { ConfigError, loadConfig } from '../src/config.ts';

const WEB = { name: 'web', port: 4000, adminPort: 9400 };
const MAIN = new URL('../bff-web/main.ts', import.meta.url);

const PRODUCTION = {
  NODE_ENV: 'production',
  USER_SERVICE_URL: 'https://users.internal',
  ORDER_SERVICE_URL: 'https://orders.internal',
  NOTIFICATION_SERVICE_URL: 'https://notifications.internal',
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

/** Starts the web BFF with this environment and nothing else of ours, and waits for its end. */
async function startProcess(env: Record<string, string>) {
  const child = spawn(process.execPath, [MAIN.pathname], {
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
  assert.deepEqual(config.upstreams.urls.user.map(String), ['http://127.0.0.1:5001/']);
  assert.deepEqual(config.upstreams.urls.order.map(String), ['http://127.0.0.1:5002/']);
  assert.deepEqual(config.upstreams.urls.notification.map(String), ['http://127.0.0.1:5003/']);
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
  assert.deepEqual(upstreams.urls.order.map(String), ['http://a:1/', 'http://b:2/', 'https://c/']);
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

test('a host that is not of this machine reads as one clear line', async () => {
  // 203.0.113.0/24 belongs to nobody (RFC 5737).
  const { code, stderr } = await startProcess({
    WEB_PORT: '0',
    WEB_ADMIN_PORT: '0',
    HOST: '203.0.113.9',
  });
  assert.equal(code, 1);
  assert.match(stderr, /^listen EADDRNOTAVAIL: .*203\.0\.113\.9(:\d+)?\n$/);
});

test('a port in use reads as one clear line, and ends the process with 1', async () => {
  const occupant = createServer().listen(0, '127.0.0.1');
  await once(occupant, 'listening');
  const { port } = occupant.address() as AddressInfo;
  const { code, stderr } = await startProcess({ WEB_PORT: String(port) });
  occupant.close();
  assert.equal(code, 1);
  assert.equal(stderr, `listen EADDRINUSE: address already in use 127.0.0.1:${port}\n`);
});

test('production does not believe the issuer of the demo, whose key is public', () => {
  const env = { ...PRODUCTION, JWT_ISSUER: 'https://demo.frontdesk.example' };
  assert.deepEqual(variablesOf(faultsOf(env)), ['JWT_ISSUER']);
});

test('a service is found by DNS alone, or by addresses', () => {
  const { upstreams } = load({ ORDER_SERVICE_URL: 'srv+http://_orders._tcp.example.org/api' });
  assert.equal(upstreams.urls.order[0]?.href, 'srv+http://_orders._tcp.example.org/api');
  const mixed = { ORDER_SERVICE_URL: 'srv+http://_orders._tcp.example.org,http://a:1' };
  assert.deepEqual(variablesOf(faultsOf(mixed)), ['ORDER_SERVICE_URL']);
});
