import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { createUserService } from '../../services/user/service.ts';
import { UPSTREAMS } from '../../src/datasources/upstreams.ts';
import { ROOT } from '../../tools/tree.ts';
import { until } from '../support/until.ts';

const FREE_PORTS = { MOBILE_PORT: '0', MOBILE_ADMIN_PORT: '0' };
/** Longer than npm takes to forward a signal. */
const LATER_MS = 1_000;

/** Waits until a child process prints the endpoint of the mobile BFF. */
async function endpointOf(child: ChildProcess): Promise<string> {
  let output = '';
  child.stdout?.on('data', (chunk) => {
    output += chunk;
  });
  const find = () => /^mobile listening on (http:\S+)$/m.exec(output)?.[1];
  await until(() => find() !== undefined);
  return find() ?? '';
}

async function endOf(child: ChildProcess) {
  await until(() => child.exitCode !== null || child.signalCode !== null);
  return [child.exitCode, child.signalCode];
}

async function startMobile(env: NodeJS.ProcessEnv) {
  const child = spawn(process.execPath, ['bff-mobile/main.ts'], {
    env: { ...process.env, ...FREE_PORTS, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  return {
    child,
    endpoint: await endpointOf(child),
    ended: () => endOf(child),
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL');
      await endOf(child);
    },
  };
}

/** Starts an npm script as the leader of a process group of its own, which ends with the test. */
function startScript(script: string, env: NodeJS.ProcessEnv) {
  const child = spawn('npm', ['run', script], {
    cwd: ROOT,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
    detached: true,
  });
  const group = -(child.pid ?? 0);
  return {
    child,
    ended: () => endOf(child),
    killGroup: (signal: NodeJS.Signals) => process.kill(group, signal),
    async [Symbol.asyncDispose]() {
      try {
        process.kill(group, 'SIGKILL');
      } catch {
        // The group has ended.
      }
    },
  };
}

const post = (endpoint: string, query: string) =>
  fetch(endpoint, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query }),
  });

const isServing = (endpoint: string): Promise<boolean> =>
  fetch(new URL('/healthz', endpoint)).then(
    () => true,
    () => false,
  );

/** A slow user service, and requests to a BFF that wait for it. */
async function createSlowUsers() {
  const users = await createUserService();
  const url = await users.listen({ host: '127.0.0.1', port: 0 });
  return {
    url,
    async sendSlowRequest(
      endpoint: string,
      delayMs: number,
    ): Promise<{ inFlight: Promise<Response> }> {
      users.control.faults({ usersByIds: { delayMs } });
      const inFlight = post(endpoint, '{ profile(id: "42") { name } }');
      await until(() => users.control.requests().routes.usersByIds === 1);
      return { inFlight };
    },
    [Symbol.asyncDispose]: () => users[Symbol.asyncDispose](),
  };
}

describe('BFF process at a signal', () => {
  it('answers requests in flight and exits with 0', async () => {
    await using users = await createSlowUsers();
    await using bff = await startMobile({ USER_SERVICE_URL: users.url });
    const { child, endpoint, ended } = bff;
    const { inFlight } = await users.sendSlowRequest(endpoint, 500);
    child.kill('SIGTERM');

    const response = await inFlight;
    assert.equal(response.status, 200);
    assert.match(await response.text(), /Amara Okafor/);
    assert.deepEqual(await ended(), [0, null]);
  });

  it('is not ready immediately, and answers new requests for the drain delay', async () => {
    await using bff = await startMobile({ DRAIN_DELAY_MS: '60000' });
    const { child, endpoint } = bff;
    const ready = async () => (await fetch(new URL('/readyz', endpoint))).status;
    assert.equal(await ready(), 200);
    child.kill('SIGTERM');
    while ((await ready()) === 200);
    assert.equal(await ready(), 503);
    const response = await post(endpoint, '{ __typename }');
    assert.equal(response.status, 200);
    assert.equal(response.headers.get('connection'), 'close');
  });

  for (const [signal, code] of [
    ['SIGTERM', 143],
    ['SIGINT', 130],
  ] as const) {
    it(`exits with ${code} if the second signal is ${signal}`, async () => {
      await using bff = await startMobile({ DRAIN_DELAY_MS: '60000' });
      const { child, endpoint, ended } = bff;
      child.kill('SIGTERM');
      while ((await fetch(new URL('/readyz', endpoint))).status === 200);
      child.kill(signal);
      assert.deepEqual(await ended(), [code, null]);
    });
  }
});

describe('npm script at a signal', () => {
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    it(`drains the BFF if npm gets ${signal}, exits with 0 and leaves no process behind`, async () => {
      await using users = await createSlowUsers();
      const env = { ...FREE_PORTS, USER_SERVICE_URL: users.url };
      await using npm = startScript('start:mobile', env);
      const endpoint = await endpointOf(npm.child);
      const { inFlight } = await users.sendSlowRequest(endpoint, 500);
      npm.child.kill(signal);

      assert.equal((await inFlight).status, 200);
      assert.deepEqual(await npm.ended(), [0, null]);
      assert.equal(await isServing(endpoint), false);
    });

    it(`drains the BFF once if ${signal} reaches both npm and the BFF, like Ctrl-C`, async () => {
      await using users = await createSlowUsers();
      const env = { ...FREE_PORTS, USER_SERVICE_URL: users.url };
      await using npm = startScript('start:mobile', env);
      const endpoint = await endpointOf(npm.child);
      const { inFlight } = await users.sendSlowRequest(endpoint, 500);
      npm.killGroup(signal);

      assert.equal((await inFlight).status, 200);
      assert.deepEqual(await npm.ended(), [0, null]);
    });
  }

  it('forwards a second signal and exits with its code', async () => {
    await using npm = startScript('start:mobile', { ...FREE_PORTS, DRAIN_DELAY_MS: '60000' });
    const endpoint = await endpointOf(npm.child);
    npm.child.kill('SIGTERM');
    while ((await fetch(new URL('/readyz', endpoint))).status === 200);
    await sleep(LATER_MS);
    npm.child.kill('SIGTERM');
    assert.deepEqual(await npm.ended(), [143, null]);
    assert.equal(await isServing(endpoint), false);
  });

  it('ends the stand-in services of start:services', async () => {
    const ports = Object.keys(UPSTREAMS).map((name) => [`${name.toUpperCase()}_SERVICE_PORT`, '0']);
    await using npm = startScript('start:services', Object.fromEntries(ports));
    let output = '';
    npm.child.stdout?.on('data', (chunk) => {
      output += chunk;
    });
    await until(() => /^ready/m.test(output));
    npm.child.kill('SIGTERM');
    assert.deepEqual(await npm.ended(), [0, null]);
    const urls = [...output.matchAll(/\| (http:\S+)/g)].map(([, url = '']) => url);
    assert.equal(urls.length, Object.keys(UPSTREAMS).length);
    for (const url of urls) assert.equal(await isServing(url), false);
  });

  it('reaches the process of every script that starts one', async () => {
    const { default: manifest } = await import('../../package.json', { with: { type: 'json' } });
    const starting = Object.entries(manifest.scripts).filter(([name]) => /^(start|dev)/.test(name));
    assert.ok(starting.length >= 6);
    for (const [name, command] of starting) assert.match(command, /^exec node /, name);
  });
});
