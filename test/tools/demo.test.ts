import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { mobile } from '../../bff-mobile/bff.ts';
import { bffNames, ROOT, serviceNames } from '../../tools/tree.ts';
import { until } from '../support/until.ts';

const DEMO = fileURLToPath(new URL('../../tools/demo.ts', import.meta.url));
/** Where a BFF without other words looks for orders. */
const DEMO_ORDERS = 'http://127.0.0.1:5002';
const STAND_INS = ['USER_SERVICE', 'ORDER_SERVICE', 'NOTIFICATION_SERVICE'];
const FREE_PORTS = Object.fromEntries(
  [...bffNames().flatMap((name) => [name, `${name}_admin`]), ...STAND_INS].map((name) => [
    `${name.toUpperCase()}_PORT`,
    '0',
  ]),
);

function startDemo(env: NodeJS.ProcessEnv = {}, ...args: string[]) {
  const demo = spawn(process.execPath, [DEMO, ...args], {
    env: { PATH: process.env.PATH, ...FREE_PORTS, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [demo.stdout, demo.stderr]) stream.on('data', (text) => (output += text));
  const ended = once(demo, 'close').then(([code]) => code as number | null);

  const find = (name: string, pattern: string) =>
    new RegExp(`^${name} +\\| ${pattern}`, 'm').exec(output)?.[1] ?? '';
  return {
    output: () => output,
    urlOf: (name: string) => find(name, '(http\\S+)'),
    pidOf: (name: string) => Number(find(name, '.*process (\\d+)')),
    pids: () => [...output.matchAll(/process (\d+)\)/g)].map(([, pid]) => Number(pid)),
    ready: () => until(() => /^ready/m.test(output) || demo.exitCode !== null),
    kill: (signal: NodeJS.Signals) => demo.kill(signal),
    ended,
    async [Symbol.asyncDispose]() {
      demo.kill('SIGTERM');
      await ended;
    },
  };
}

async function ask(url: string, query: string) {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query }),
  });
  // biome-ignore lint/suspicious/noExplicitAny: the shape is the query's
  return response.json() as Promise<any>;
}

function lives(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

test('starts everything, survives the loss of one service, and ends all of it', async () => {
  await using demo = startDemo();
  await demo.ready();
  assert.match(demo.output(), /^ready in \d+\.\d s\. Next: open http/m);
  for (const name of ['web', 'mobile']) {
    const { data } = await ask(demo.urlOf(name), '{ announcements { title } }');
    assert.ok(data.announcements.length > 0);
  }

  process.kill(demo.pidOf('notification'), 'SIGKILL');
  await until(() => /^notification \| ended \(SIGKILL\)/m.test(demo.output()));
  const { data, errors } = await ask(
    demo.urlOf('mobile'),
    '{ announcements { title } profile(id: "42") { id } }',
  );
  assert.deepEqual(data.profile, { id: '42' });
  // Announcements may come from a cache; if they don't, they are an error and not the answer's end.
  assert.equal(data.announcements === null, errors !== undefined);

  assert.equal(demo.pids().length, serviceNames().length + bffNames().length);
  demo.kill('SIGTERM');
  assert.equal(await demo.ended, 0);
  assert.deepEqual(demo.pids().filter(lives), []);
});

test('prints what the README says: a whole answer, and a partial one while a service fails', async () => {
  await using demo = startDemo();
  await demo.ready();
  const [ask, whole, fail, partial] = await readmeBlocks();
  const run = (command = '') =>
    runShell(
      command
        .replace(`http://127.0.0.1:${mobile.port}/graphql`, demo.urlOf('mobile'))
        .replace('http://127.0.0.1:5002', demo.urlOf('order')),
    );

  assert.deepEqual(toComparable(await run(ask)), toComparable(whole));
  await run(fail);
  assert.deepEqual(toComparable(await run(ask)), toComparable(partial));

  await fetch(`${demo.urlOf('order')}/_control/faults`, { method: 'DELETE' });
  assert.deepEqual(toComparable(await run(ask)), toComparable(whole));
  await run(/^ready .*\((kill \d+)\)/m.exec(demo.output())?.[1]);
  await until(() => /^order +\| ended/m.test(demo.output()));
  assert.deepEqual(toComparable(await run(ask)), toComparable(partial));
});

test('Ctrl-C during the start ends all', async () => {
  await using demo = startDemo();
  await until(() => demo.pids().length > 0);
  demo.kill('SIGINT');
  assert.equal(await demo.ended, 0);
  assert.deepEqual(demo.pids().filter(lives), []);
});

test('leaves nothing behind when it is killed itself', async () => {
  await using demo = startDemo({}, '--services-only');
  await demo.ready();
  assert.equal(demo.pids().length, 3);
  demo.kill('SIGKILL');
  for (const name of ['user', 'order', 'notification']) await isGone(demo.urlOf(name));
});

test('starts no stand-in for a service that has an address', async () => {
  await using demo = startDemo({ USER_SERVICE_URL: 'http://127.0.0.1:9' }, '--services-only');
  await demo.ready();
  assert.match(demo.output(), /^user +\| http:\/\/127\.0\.0\.1:9 \(from USER_SERVICE_URL\)$/m);
  assert.equal(demo.pids().length, 2);
});

test('says in one line which port is in use, and ends', async () => {
  await using other = await listen();
  await using demo = startDemo({ ORDER_SERVICE_PORT: String(other.port) });
  assert.equal(await demo.ended, 1);
  const lines = demo.output().trimEnd().split('\n');
  const reason = `order can't start: ORDER_SERVICE_PORT: port ${other.port} is in use by another program`;
  assert.deepEqual(
    lines.filter((line) => !/^(user|notification) +\| http/.test(line)),
    [reason],
  );
  assert.deepEqual(demo.pids().filter(lives), []);
});

test('names both ports of a BFF when both are in use', async () => {
  await using other = await listen();
  await using another = await listen();
  const ports = { MOBILE_PORT: String(other.port), MOBILE_ADMIN_PORT: String(another.port) };
  await using demo = startDemo(ports);
  assert.equal(await demo.ended, 1);
  assert.ok(
    demo
      .output()
      .endsWith(
        `\nmobile can't start: MOBILE_PORT: port ${other.port} is in use by another program; ` +
          `MOBILE_ADMIN_PORT: port ${another.port} is in use by another program\n`,
      ),
    demo.output(),
  );
});

test('says which host a process cannot listen on, and ends', async () => {
  // 203.0.113.0/24 belongs to nobody (RFC 5737).
  await using demo = startDemo({ ADMIN_HOST: '203.0.113.9' });
  assert.equal(await demo.ended, 1);
  assert.match(demo.output(), /\n\w+ can't start: ADMIN_HOST: must be an IP address [^\n]*\n$/);
});

test('says what a process said that ended before it listened', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'frontdesk-demo-'));
  await writeFile(join(folder, 'order.db'), 'This is no database.');
  await using demo = startDemo({ DATA_DIR: folder });
  assert.equal(await demo.ended, 1);
  await rm(folder, { recursive: true });
  assert.match(
    demo.output(),
    /^order ended with code 1 before it listened\norder service cannot start: [^\n]+\n$/m,
  );
});

test('names every variable at fault in one message before anything starts', async () => {
  await using demo = startDemo({
    USER_SERVICE_URL: 'nonsense',
    REQUEST_DEADLINE_MS: 'soon',
    MOBILE_PORT: '70000',
    USER_SERVICE_PORT: 'not read, because the service has an address',
    ORDER_SERVICE_PORT: '-1',
    NOTIFICATION_SERVICE_PORT: 'abc',
    PURGE_URLS: 'foo',
    DATA_DIR: '/etc/hostname',
    API_KEYS_PATH: tmpdir(),
    OPERATIONS_MANIFEST: '/nowhere/manifest.json',
  });
  assert.equal(await demo.ended, 1);
  const [headline, ...faults] = demo.output().trimEnd().split('\n');
  assert.equal(headline, 'The configuration is wrong:');
  assert.deepEqual(faults.map((line) => line.trim()).sort(), [
    `API_KEYS_PATH: there is no file to read at "${tmpdir()}"`,
    'DATA_DIR: must be a folder that can be written to, or a new one',
    'MOBILE_PORT: must be a port number, 0 to 65535',
    'NOTIFICATION_SERVICE_PORT: must be a port number, 0 to 65535',
    'OPERATIONS_MANIFEST: there is no file to read at "/nowhere/manifest.json"',
    'ORDER_SERVICE_PORT: must be a port number, 0 to 65535',
    'PURGE_URLS: must be at most 20 http or https addresses, separated by commas',
    'REQUEST_DEADLINE_MS: must be a number of milliseconds, at most 999999',
    'USER_SERVICE_URL: must be http, https or srv+http(s) addresses',
  ]);
});

test('names key file and manifest together when all variables are right', async () => {
  await using demo = startDemo({
    API_KEYS_PATH: '/nowhere/keys.json',
    OPERATIONS_MANIFEST: '/nowhere/manifest.json',
  });
  assert.equal(await demo.ended, 1);
  assert.equal(
    demo.output(),
    'The configuration is wrong:\n' +
      '  OPERATIONS_MANIFEST: there is no file to read at "/nowhere/manifest.json"\n' +
      '  API_KEYS_PATH: there is no file to read at "/nowhere/keys.json"\n',
  );
});

test('names every wrong variable of the services when they are started alone', async () => {
  await using demo = startDemo({ USER_SERVICE_PORT: 'abc', PURGE_URLS: 'foo' }, '--services-only');
  assert.equal(await demo.ended, 1);
  assert.equal(demo.pids().length, 0);
  assert.match(demo.output(), /^ {2}PURGE_URLS: .*\n {2}USER_SERVICE_PORT: .*\n$/m);
});

test('services alone end with the command that starts a BFF, with their addresses', async () => {
  await using demo = startDemo({ ORDER_SERVICE_URL: DEMO_ORDERS }, '--services-only');
  await demo.ready();
  const [user, notification] = ['user', 'notification'].map(demo.urlOf);
  assert.ok(
    demo
      .output()
      .endsWith(
        `. Next: NOTIFICATION_SERVICE_URL=${notification} USER_SERVICE_URL=${user} npm run start:web\n`,
      ),
    demo.output(),
  );
});

test('warns once of a variable that nothing reads although it resembles one of ours', async () => {
  await using demo = startDemo({ CORS_ORIGIN: 'https://shop.example' });
  await demo.ready();
  const said = demo.output().match(/^.*CORS_ORIGIN\b.*$/gm);
  assert.deepEqual(said, [
    'warning      | CORS_ORIGIN is not read by anything: is CORS_ORIGINS meant?',
  ]);
});

/** The demonstration in the README: a request, its answer, a fault, and the answer during it. */
async function readmeBlocks(): Promise<string[]> {
  const readme = await readFile(new URL('README.md', ROOT), 'utf8');
  const blocks = [...readme.matchAll(/^```(sh|json)\n(.*?)^```$/gms)];
  const first = blocks.findIndex(([, , text]) => text?.startsWith('curl'));
  const found = blocks.slice(first, first + 4);
  assert.deepEqual(
    found.map(([, language]) => language),
    ['sh', 'json', 'sh', 'json'],
  );
  return found.map(([, , text = '']) => text);
}

async function runShell(command: string): Promise<string> {
  const { stdout } = await promisify(execFile)('sh', ['-c', command], { cwd: fileURLToPath(ROOT) });
  return stdout;
}

/** @param json - an answer, in which each request has an id of its own */
function toComparable(json = ''): unknown {
  return JSON.parse(json, (name, value) =>
    name === 'requestId' && /^[\da-f-]{36}$/.test(value) ? 'a UUID' : value,
  );
}

/** By its port, because a process that nobody has waited for still has its number. */
async function isGone(url: string): Promise<void> {
  for (let tries = 0; tries < 400; tries++) {
    if (!(await fetch(url).catch(() => undefined))) return;
    await sleep(50);
  }
  assert.fail(`${url} still answers`);
}

async function listen() {
  const server: Server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return { port, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() };
}

test('gets ready in production as well', async () => {
  await using demo = startDemo({
    NODE_ENV: 'production',
    JWT_ISSUER: 'https://id.example',
    JWT_AUDIENCE: 'shop',
    PURGE_SECRET: 'a secret of this test that nobody else has',
  });
  await demo.ready();
  assert.match(demo.output(), /^ready in/m);
});
