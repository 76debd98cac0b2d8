import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { mobile } from '../../bff-mobile/bff.ts';
import { urlVariable } from '../../src/config/index.ts';
import { bffNames, ROOT } from '../../tools/tree.ts';
import { createBrowser } from '../support/browser.ts';
import { createListenerTls } from '../support/certificates.ts';
import { type Demo, STAND_INS, startDemo } from '../support/demo.ts';
import { logIn, logOutAtProvider } from '../support/identity.ts';
import { CSRF_HEADER } from '../support/login.ts';
import { UNREACHABLE_UPSTREAMS } from '../support/production.ts';
import { until } from '../support/until.ts';

/** The default URL of the order service. */
const DEFAULT_ORDER_URL = 'http://127.0.0.1:5002';
/** With these, the demo starts one service and no identity provider, which is all that some tests need. */
const ONLY_ORDER = {
  ...UNREACHABLE_UPSTREAMS,
  [urlVariable('order')]: '',
  JWKS_URL: 'http://127.0.0.1:1/keys',
  JWT_ISSUER: 'https://id.example',
  JWT_AUDIENCE: 'shop',
};

async function query(url: string, text: string) {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query: text }),
  });
  // biome-ignore lint/suspicious/noExplicitAny: the shape is the query's
  return response.json() as Promise<any>;
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

// One demo, and the tests in their order: each of the later ones loses one more service.
describe('npm start, while it runs', () => {
  let demo: Demo;

  before(async () => {
    demo = startDemo({ CORS_ORIGIN: 'https://shop.example' });
    await demo.ready();
  });
  after(() => demo[Symbol.asyncDispose]());

  it('starts every service and every BFF', async () => {
    assert.match(demo.output(), /^ready in \d+\.\d s\. Next: open http/m);
    assert.equal(demo.pids().length, STAND_INS.length + bffNames().length + 1);
    for (const name of ['web', 'mobile']) {
      const { data } = await query(demo.urlOf(name), '{ announcements { title } }');
      assert.ok(data.announcements.length > 0);
    }
  });

  it('logs a user in to the web page with the identity provider, and out of both', async () => {
    const url = demo.urlOf('web page');
    const loginUrl = `${url}/auth/login`;
    const browser = createBrowser();
    await logIn(browser, loginUrl, '42');
    const session = async () => {
      const response = await browser.request(`${url}/auth/session`, { headers: CSRF_HEADER });
      return (await response.json()) as { user: unknown };
    };
    assert.deepEqual((await session()).user, { id: '42', role: 'customer' });

    const logout = { method: 'POST', headers: CSRF_HEADER };
    const { logoutUrl } = (await (await browser.request(`${url}/auth/logout`, logout)).json()) as {
      logoutUrl: string;
    };
    assert.deepEqual(await session(), { user: null });
    const page = await logOutAtProvider(browser, logoutUrl);
    assert.equal(new URL(page.url).origin, url);
    const again = await browser.open(loginUrl);
    assert.match(again.body, /Choose a user/);
  });

  it('warns once of an unknown variable that resembles a known one', () => {
    assert.deepEqual(demo.output().match(/^.*CORS_ORIGIN\b.*$/gm), [
      'warning      | unknown variable CORS_ORIGIN, did you mean CORS_ORIGINS?',
    ]);
  });

  it('prints the responses of the README: complete, and partial while a service fails', async () => {
    const [curl, complete, fault, partial] = await readmeBlocks();
    const run = (command = '') =>
      runShell(
        command
          .replace(`http://127.0.0.1:${mobile.port}/graphql`, demo.urlOf('mobile'))
          .replace(DEFAULT_ORDER_URL, demo.urlOf('order')),
      );

    assert.deepEqual(toComparable(await run(curl)), toComparable(complete));
    await run(fault);
    assert.deepEqual(toComparable(await run(curl)), toComparable(partial));

    await fetch(`${demo.urlOf('order')}/_control/faults`, { method: 'DELETE' });
    assert.deepEqual(toComparable(await run(curl)), toComparable(complete));
    await run(/^ready .*\((kill \d+)\)/m.exec(demo.output())?.[1]);
    await until(() => /^order +\| exited/m.test(demo.output()));
    assert.deepEqual(toComparable(await run(curl)), toComparable(partial));
  });

  it('keeps serving after the loss of a service', async () => {
    process.kill(demo.pidOf('notification'), 'SIGKILL');
    await until(() => /^notification \| exited \(SIGKILL\)/m.test(demo.output()));
    const { data, errors } = await query(
      demo.urlOf('mobile'),
      '{ announcements { title } profile(id: "42") { id } }',
    );
    assert.deepEqual(data.profile, { id: '42' });
    // Announcements may come from a cache; otherwise they are an error, and the rest is complete.
    assert.equal(data.announcements === null, errors !== undefined);
  });

  it('ends all processes on SIGTERM', async () => {
    demo.kill('SIGTERM');
    assert.equal(await demo.exitCode, 0);
    assert.deepEqual(demo.pids().filter(isRunning), []);
  });
});

describe('npm start', () => {
  it('ends all processes on Ctrl-C during the start', async () => {
    await using demo = startDemo(ONLY_ORDER);
    await until(() => demo.pids().length > 0);
    demo.kill('SIGINT');
    assert.equal(await demo.exitCode, 0);
    assert.deepEqual(demo.pids().filter(isRunning), []);
  });

  it('starts no stand-in for a service whose URL is set, and leaves no process when killed', async () => {
    await using demo = startDemo({ ORDER_SERVICE_URL: DEFAULT_ORDER_URL }, '--services-only');
    await demo.ready();
    assert.match(
      demo.output(),
      /^order +\| http:\/\/127\.0\.0\.1:5002 \(from ORDER_SERVICE_URL\)$/m,
    );
    // The other services, and the identity provider.
    assert.equal(demo.pids().length, STAND_INS.length);
    // The command that starts a BFF names the URLs that differ from the defaults.
    const urls = STAND_INS.filter((name) => name !== 'order')
      .map((name) => `${urlVariable(name)}=${demo.urlOf(name)}`)
      .join(' ');
    assert.ok(demo.output().endsWith(`. Next: ${urls} npm run start:web\n`), demo.output());
    demo.kill('SIGKILL');
    const started = STAND_INS.filter((name) => name !== 'order');
    for (const name of started) await waitUntilClosed(demo.urlOf(name));
  });

  it('starts in production, with TLS', async () => {
    await using tls = await createListenerTls();
    await using demo = startDemo({
      ...ONLY_ORDER,
      ...tls.env,
      NODE_ENV: 'production',
      DRAIN_DELAY_MS: '0',
      PURGE_SECRET: 'a secret of this test that nobody else has',
    });
    await demo.ready();
    assert.match(demo.output(), /^ready in/m);
    assert.match(demo.output(), /^web +\| https:/m);
  });

  it('names a port in use in one line and exits', async () => {
    await using other = await listen();
    await using demo = startDemo({ ...ONLY_ORDER, ORDER_SERVICE_PORT: String(other.port) });
    assert.equal(await demo.exitCode, 1);
    const lines = demo.output().trimEnd().split('\n');
    const reason = `order can't start: ORDER_SERVICE_PORT: port ${other.port} is in use by another program`;
    assert.deepEqual(
      lines.filter((line) => !/^\w+ +\| http/.test(line)),
      [reason],
    );
    assert.deepEqual(demo.pids().filter(isRunning), []);
  });

  it('names both ports of a BFF if both are in use', async () => {
    await using other = await listen();
    await using another = await listen();
    const ports = { MOBILE_PORT: String(other.port), MOBILE_ADMIN_PORT: String(another.port) };
    await using demo = startDemo({ ...ONLY_ORDER, ...UNREACHABLE_UPSTREAMS, ...ports });
    assert.equal(await demo.exitCode, 1);
    const reason =
      `\nmobile can't start: MOBILE_PORT: port ${other.port} is in use by another program; ` +
      `MOBILE_ADMIN_PORT: port ${another.port} is in use by another program\n`;
    assert.ok(demo.output().endsWith(reason), demo.output());
  });

  it('names the port of a page if it is in use', async () => {
    await using other = await listen();
    await using demo = startDemo({ WEB_PAGE_PORT: String(other.port) });
    assert.equal(await demo.exitCode, 1);
    const reason = `web page can't start: WEB_PAGE_PORT: port ${other.port} is in use by another program\n`;
    assert.equal(demo.output(), reason);
  });

  it('prints the output of a process that exits before listening', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'frontdesk-demo-'));
    await writeFile(join(folder, 'order.db'), 'This is no database.');
    await using demo = startDemo({ ...ONLY_ORDER, DATA_DIR: folder });
    assert.equal(await demo.exitCode, 1);
    await rm(folder, { recursive: true });
    assert.match(
      demo.output(),
      /^order exited with code 1 before listening\norder service can't start: [^\n]+\n$/m,
    );
  });

  it('names every invalid variable in one message before any process starts', async () => {
    await using demo = startDemo({
      USER_SERVICE_URL: 'nonsense',
      REQUEST_DEADLINE_MS: 'soon',
      MOBILE_PORT: '70000',
      PHONE_PAGE_PORT: '70000',
      USER_SERVICE_PORT: 'unused, because the service has a URL',
      ORDER_SERVICE_PORT: '-1',
      NOTIFICATION_SERVICE_PORT: 'abc',
      PURGE_URLS: 'foo',
      DATA_DIR: '/etc/hostname',
      API_KEYS_PATH: tmpdir(),
      OPERATIONS_MANIFEST: '/nowhere/manifest.json',
    });
    assert.equal(await demo.exitCode, 1);
    const [headline, ...faults] = demo.output().trimEnd().split('\n');
    assert.equal(headline, 'The configuration is wrong:');
    assert.deepEqual(faults.map((line) => line.trim()).sort(), [
      `API_KEYS_PATH: there is no readable file at "${tmpdir()}"`,
      'DATA_DIR: must be a folder that can be written to, or a new one',
      'MOBILE_PORT: must be a port number, 0 to 65535',
      'NOTIFICATION_SERVICE_PORT: must be a port number, 0 to 65535',
      'OPERATIONS_MANIFEST: there is no readable file at "/nowhere/manifest.json"',
      'ORDER_SERVICE_PORT: must be a port number, 0 to 65535',
      'PHONE_PAGE_PORT: must be a port number, 0 to 65535',
      'PURGE_URLS: must be at most 20 http or https addresses, separated by commas',
      'REQUEST_DEADLINE_MS: must be a number of milliseconds, at most 999999',
      'USER_SERVICE_URL: must be http, https or srv+http(s) addresses',
    ]);
  });

  it('names the key file and the manifest in one message if all variables are valid', async () => {
    await using demo = startDemo({
      API_KEYS_PATH: '/nowhere/keys.json',
      OPERATIONS_MANIFEST: '/nowhere/manifest.json',
    });
    assert.equal(await demo.exitCode, 1);
    assert.equal(
      demo.output(),
      'The configuration is wrong:\n' +
        '  OPERATIONS_MANIFEST: there is no readable file at "/nowhere/manifest.json"\n' +
        '  API_KEYS_PATH: there is no readable file at "/nowhere/keys.json"\n',
    );
  });

  it('names every invalid variable of the services with --services-only', async () => {
    const env = { USER_SERVICE_PORT: 'abc', PURGE_URLS: 'foo' };
    await using demo = startDemo(env, '--services-only');
    assert.equal(await demo.exitCode, 1);
    assert.equal(demo.pids().length, 0);
    assert.match(demo.output(), /^ {2}USER_SERVICE_PORT: .*\n {2}PURGE_URLS: .*\n$/m);
  });
});

/** The example of the README: a request, its response, a fault, and the response during it. */
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

/** @param json - a response, with the request id replaced */
function toComparable(json = ''): unknown {
  return JSON.parse(json, (name, value) =>
    name === 'requestId' && /^[\da-f-]{36}$/.test(value) ? 'a UUID' : value,
  );
}

/** Checks the port, because a process that its parent has not waited for still has its pid. */
async function waitUntilClosed(url: string): Promise<void> {
  for (let tries = 0; tries < 400; tries++) {
    if (!(await fetch(url).catch(() => undefined))) return;
    await sleep(50);
  }
  assert.fail(`${url} still accepts requests`);
}

async function listen() {
  const server: Server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return { port, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() };
}
