import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { bffNames, ROOT } from '../../tools/tree.ts';
import { startBffProcess } from '../support/bff-process.ts';
import { library } from '../support/fixture/bff.ts';
import { startRequest } from '../support/start-request.ts';
import { until } from '../support/until.ts';

/** Longer than npm takes to forward a signal (see termination.ts). */
const NPM_FORWARD_MS = 300;

const post = (endpoint: string, query: string) =>
  fetch(endpoint, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query }),
  });

const isReady = (endpoint: string): Promise<boolean> =>
  fetch(new URL('/readyz', endpoint)).then(
    ({ status }) => status === 200,
    () => false,
  );

const isListening = (endpoint: string): Promise<boolean> =>
  fetch(new URL('/healthz', endpoint)).then(
    () => true,
    () => false,
  );

describe('A BFF process', () => {
  it('completes the requests in flight at SIGHUP, because it has no workers to replace, and exits with 0', async () => {
    await using bff = await startBffProcess(library);
    const { control } = bff.services.member;
    control.faults({ membersByIds: { delayMs: 500 } });
    const inFlight = post(bff.endpoint, '{ member(id: "42") { name } }');
    await until(() => control.requests().routes.membersByIds === 1);
    bff.kill('SIGHUP');
    const response = await inFlight;
    assert.equal(response.status, 200);
    assert.match(await response.text(), /Ada Castro/);
    assert.deepEqual(await bff.ended(), [0, null]);
  });

  it('is not ready at once at SIGTERM, responds in the drain delay, and exits with 130 at a second signal, if that is SIGINT', async () => {
    await using bff = await startBffProcess(library, { env: { DRAIN_DELAY_MS: '60000' } });
    assert.ok(await isReady(bff.endpoint));
    bff.kill('SIGTERM');
    await until(async () => !(await isReady(bff.endpoint)));
    const ready = await fetch(new URL('/readyz', bff.endpoint));
    assert.equal(ready.status, 503);
    const response = await post(bff.endpoint, '{ __typename }');
    assert.equal(response.status, 200);
    assert.equal(response.headers.get('connection'), 'close');
    bff.kill('SIGINT');
    assert.deepEqual(await bff.ended(), [130, null]);
  });
});

/** Starts an npm script as the leader of a process group of its own, which ends with the test. */
function startScript(script: string, env: NodeJS.ProcessEnv) {
  const child = spawn('npm', ['run', script], {
    cwd: ROOT,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
    detached: true,
  });
  const group = -(child.pid ?? 0);
  let output = '';
  child.stdout.on('data', (chunk) => {
    output += chunk;
  });
  return {
    output: () => output,
    kill: (signal: NodeJS.Signals) => child.kill(signal),
    killGroup: (signal: NodeJS.Signals) => process.kill(group, signal),
    ended: () => endOf(child),
    async [Symbol.asyncDispose]() {
      try {
        process.kill(group, 'SIGKILL');
      } catch {
        // The group has ended.
      }
    },
  };
}

async function endOf(child: ChildProcess) {
  await until(() => child.exitCode !== null || child.signalCode !== null);
  return [child.exitCode, child.signalCode];
}

/** Starts a BFF of the product by its npm script, and waits until it listens. */
async function startByNpm(env: NodeJS.ProcessEnv = {}) {
  const [name = ''] = bffNames();
  const prefix = name.toUpperCase();
  const ports = { [`${prefix}_PORT`]: '0', [`${prefix}_ADMIN_PORT`]: '0' };
  const npm = startScript(`start:${name}`, { ...ports, ...env });
  const find = () => new RegExp(`^${name} listening on (http:\\S+)$`, 'm').exec(npm.output())?.[1];
  await until(() => find() !== undefined);
  return { ...npm, endpoint: find() ?? '' };
}

describe('An npm script that starts a BFF', () => {
  for (const [what, signal, env] of [
    ['the BFF once at SIGTERM to it and to npm, as by a supervisor', 'SIGTERM', {}],
    ['all workers once at Ctrl-C', 'SIGINT', { WORKERS: '2' }],
  ] as const) {
    it(`drains ${what}, and exits with 0`, async () => {
      await using npm = await startByNpm(env);
      const inFlight = await startRequest(npm.endpoint);
      npm.killGroup(signal);
      await until(async () => !(await isReady(npm.endpoint)));
      await sleep(NPM_FORWARD_MS);
      assert.equal(await inFlight.finish(), 200);
      assert.deepEqual(await npm.ended(), [0, null]);
      assert.equal(await isListening(npm.endpoint), false);
    });
  }

  it('forwards a second signal, and exits with its code', async () => {
    await using npm = await startByNpm({ DRAIN_DELAY_MS: '60000' });
    npm.kill('SIGTERM');
    await until(async () => !(await isReady(npm.endpoint)));
    await sleep(NPM_FORWARD_MS);
    npm.kill('SIGTERM');
    assert.deepEqual(await npm.ended(), [143, null]);
    assert.equal(await isListening(npm.endpoint), false);
  });
});

describe('The npm scripts that start a process', () => {
  it('replace their shell by it, so that signals reach it', async () => {
    const { default: manifest } = await import('../../package.json', { with: { type: 'json' } });
    const starting = Object.entries(manifest.scripts).filter(([name]) => /^(start|dev)/.test(name));
    assert.ok(starting.length >= 6);
    for (const [name, command] of starting) assert.match(command, /^exec node /, name);
  });
});
