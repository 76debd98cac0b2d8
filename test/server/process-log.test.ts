import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { connect } from 'node:net';
import { describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Json } from '../support/environment.ts';
import { PRODUCTION, UNREACHABLE_UPSTREAMS } from '../support/production.ts';
import { SERVICE_NAMES, startServices } from '../support/services.ts';
import { until } from '../support/until.ts';

/** Runs in the BFF process, and fails when the test sends a message. */
const FAIL_ON_MESSAGE = `data:text/javascript,${encodeURIComponent(`
  process.channel.unref();
  process.on('message', (how) => {
    if (how === 'throw') setImmediate(() => { throw new TypeError('made to fail'); });
    else Promise.reject(how === 'reject' ? new TypeError('made to fail') : undefined);
  });
`)}`;

/** Starts the mobile BFF in production and collects its log entries. */
async function startProduction(env: NodeJS.ProcessEnv = {}, shell = '') {
  const args = ['--import', FAIL_ON_MESSAGE, 'bff-mobile/main.ts'];
  const command = `${shell} exec "$0" "$@"`;
  const child = spawn('sh', ['-c', command, process.execPath, ...args], {
    env: {
      PATH: process.env.PATH,
      ...PRODUCTION,
      ...UNREACHABLE_UPSTREAMS,
      MOBILE_PORT: '0',
      MOBILE_ADMIN_PORT: '0',
      DRAIN_DELAY_MS: '0',
      ...env,
    },
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  });
  let output = '';
  child.stdout?.on('data', (chunk) => {
    output += chunk;
  });
  const lines = () => output.split('\n').slice(0, -1);
  const entries = (): Json[] => lines().map((line) => JSON.parse(line));
  const isListening = () => lines().some((line) => line.includes('/graphql'));
  await until(() => isListening() || child.exitCode !== null).catch(() => child.kill('SIGKILL'));
  const [endpoint = ''] = /http:[^"\s]+\/graphql/.exec(output) ?? [];

  return {
    child,
    endpoint,
    entries,
    /** Waits for a number of entries with this message. */
    async find(msg: string, count = 1): Promise<Json[]> {
      const found = () => entries().filter((entry) => entry.msg === msg);
      await until(() => found().length >= count);
      return found();
    },
    async ended() {
      await until(() => child.exitCode !== null || child.signalCode !== null);
      return [child.exitCode, child.signalCode];
    },
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL');
      await this.ended();
    },
  };
}

async function post(endpoint: string, body: unknown): Promise<Json> {
  const response = await fetch(endpoint, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  return response.json();
}

const NAMED = 'query Card($id: ID!) { profile(id: $id) { name } announcements { title } }';
const card = { query: NAMED, variables: { id: '42' } };

describe('Log of a BFF in production', () => {
  for (const level of ['info', 'silent']) {
    it(`has only JSON lines at level ${level}`, async () => {
      await using bff = await startProduction({ LOG_LEVEL: level });
      await post(bff.endpoint, { query: '{ __typename }' });
      bff.child.kill('SIGTERM');
      assert.deepEqual(await bff.ended(), [0, null]);
      const [listening] = await bff.find('listening');
      assert.match(listening.url, /^http:.*\/graphql$/);
      assert.match(listening.adminUrl, /^http:/);
      assert.equal(listening.name, 'mobile');
    });
  }

  it('has the operation, its cost and its cache status for each request', async () => {
    await using services = await startServices(SERVICE_NAMES);
    await using bff = await startProduction({ ...services.env, BATCH_MOST: '2' });
    await post(bff.endpoint, card);
    await post(bff.endpoint, card);
    await post(bff.endpoint, [card, { query: 'query Other { __typename }' }]);
    await post(bff.endpoint, { query: '{ __typename }' });

    const entries = await bff.find('request completed', 4);
    const [stored, hit, batch, unnamed] = entries.map(
      ({ operation, cost, cacheStatus, failedParts, errorCodes }) => {
        return { operation, cost, cacheStatus, failedParts, errorCodes };
      },
    );
    assert.ok(stored?.cost > 0);
    const answered = { operation: 'Card', failedParts: 0, errorCodes: undefined };
    assert.deepEqual(stored, { ...answered, cost: stored?.cost, cacheStatus: 'stored' });
    assert.deepEqual(hit, { ...answered, cost: stored?.cost, cacheStatus: 'hit' });
    assert.equal(batch?.operation, 'Card,Other');
    assert.ok(batch.cost > stored?.cost);
    assert.equal(batch.cacheStatus, 'bypass');
    assert.equal(batch.failedParts, 0);
    assert.equal(unnamed?.operation, undefined);
    assert.ok(unnamed?.cost > 0);
  });

  it('has the error codes and the number of failed parts for each request', async () => {
    await using services = await startServices(SERVICE_NAMES);
    await using bff = await startProduction(services.env);
    const { control } = services.services.notification;
    control.faults({ announcements: { status: 500 } });
    const { data, errors } = await post(bff.endpoint, card);
    assert.equal(data.announcements, null);
    await post(bff.endpoint, { query: 'query Wrong { nothing }' });
    await post(bff.endpoint, { query: '{' });
    await post(bff.endpoint, card.query);

    const [partial, invalid, unparsed, malformed] = await bff.find('request completed', 4);
    assert.equal(partial.operation, 'Card');
    assert.equal(partial.failedParts, 1);
    assert.deepEqual(partial.errorCodes, [errors[0].extensions.code]);
    assert.deepEqual(invalid.errorCodes, ['GRAPHQL_VALIDATION_FAILED']);
    assert.equal(invalid.failedParts, undefined);
    assert.deepEqual(unparsed.errorCodes, ['GRAPHQL_PARSE_FAILED']);
    assert.deepEqual(malformed.errorCodes, ['BAD_REQUEST']);
  });

  for (const [how, level] of [
    ['throw', 'info'],
    ['reject', 'silent'],
  ] as const) {
    it(`has one line for a crash (${how}, level ${level}), which ends the process with 1`, async () => {
      await using bff = await startProduction({ LOG_LEVEL: level });
      bff.child.send(how);
      assert.deepEqual(await bff.ended(), [1, null]);
      const crashes = bff.entries().filter(({ level }) => level === 60);
      assert.equal(crashes.length, 1);
      const [line] = crashes;
      assert.equal(line.msg, 'process crashed');
      assert.equal(line.name, 'mobile');
      assert.equal(line.err.type, 'TypeError');
      assert.equal(line.err.message, 'made to fail');
      assert.match(line.err.stack, /made to fail/);
    });
  }

  it('has one line for a crash while a request is in flight, which is answered before the process ends with 1', async () => {
    await using services = await startServices(SERVICE_NAMES);
    await using bff = await startProduction(services.env);
    const { control } = services.services.notification;
    control.faults({ announcements: { delayMs: 500 } });
    const inFlight = post(bff.endpoint, { query: '{ announcements { title } }' });
    await until(() => control.requests().routes.announcements === 1);
    bff.child.send('throw');

    const { data } = await inFlight;
    assert.ok(data.announcements.length > 0);
    assert.deepEqual(await bff.ended(), [1, null]);
    assert.equal((await bff.find('process crashed')).length, 1);
    const [completed] = await bff.find('request completed');
    const [crashed] = await bff.find('process crashed');
    assert.ok(crashed.time <= completed.time);
  });

  it('has a second line for an error while a crashed process drains, which ends it at once', async () => {
    await using bff = await startProduction({ DRAIN_DELAY_MS: '60000' });
    bff.child.send('throw');
    await bff.find('process crashed');
    bff.child.send('reject');
    assert.deepEqual(await bff.ended(), [1, null]);
    const errors = bff.entries().filter(({ err }) => err?.message === 'made to fail');
    assert.equal(errors.length, 2);
  });

  it('has a line for a rejection without a value, which ends the process with 1', async () => {
    await using bff = await startProduction();
    bff.child.send('reject without a value');
    assert.deepEqual(await bff.ended(), [1, null]);
    assert.equal((await bff.find('process crashed')).length, 1);
  });

  it('has one line a minute while there are no file descriptors left', {
    skip: process.platform === 'win32' && 'Windows has no such limit',
  }, async () => {
    await using bff = await startProduction({}, 'ulimit -n 64;');
    const { port, hostname } = new URL(bff.endpoint);
    const sockets = Array.from({ length: 100 }, () => connect(Number(port), hostname));
    for (const socket of sockets) socket.on('error', () => {});
    const [entry] = await bff.find('no file descriptors left, new connections are closed');
    assert.equal(entry.level, 50);
    assert.equal(entry.code, 'EMFILE');
    await sleep(2_500);
    for (const socket of sockets) socket.destroy();
    await until(() => post(bff.endpoint, { query: '{ __typename }' }).then(Boolean, () => false));
    const all = await bff.find('no file descriptors left, new connections are closed');
    assert.equal(all.length, 1);
  });
});
