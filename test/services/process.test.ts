import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { Agent, get } from 'node:http';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { portVariable } from '../../services/support/settings.ts';
import { UPSTREAMS } from '../../src/datasources/upstreams.ts';
import { until } from '../support/until.ts';
import { signatureOf, startSubscriber } from './subscriber.ts';

function launch(name: string, env: Record<string, string>) {
  const main = new URL(`../../services/${name}/main.ts`, import.meta.url).pathname;
  const child = spawn(process.execPath, [main], { env: { ...process.env, ...env } });
  const output = { stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (text) => (output.stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text) => (output.stderr += text));
  return { child, output, exited: once(child, 'close') };
}

describe('Service process', () => {
  for (const [index, name] of [...Object.keys(UPSTREAMS), 'identity'].entries()) {
    const signal = index % 2 === 0 ? 'SIGTERM' : 'SIGINT';
    it(`of ${name} prints its URL and exits on ${signal}`, async () => {
      const { child, output, exited } = launch(name, { [portVariable(name)]: '0' });
      await once(child.stdout, 'data');
      const [, url] =
        output.stdout.match(/^\w+ service listening on (http:\/\/127\.0\.0\.1:\d+)\n$/) ?? [];
      assert.ok(url, output.stdout + output.stderr);
      assert.ok(output.stdout.startsWith(name));

      // An idle keep-alive connection stays open.
      const agent = new Agent({ keepAlive: true });
      const [response] = await once(get(`${url}/_control/requests`, { agent }), 'response');
      response.resume();
      await once(response, 'end');
      child.kill(signal);
      assert.deepEqual(await exited, [0, null]);
      assert.equal(output.stderr, '');
      agent.destroy();
    });
  }

  it('exits with one line if the port is invalid', async () => {
    const ports = ['abc', '70000', '-1', '50.5'];
    const services = ports.map((port) => launch('user', { USER_SERVICE_PORT: port }));
    for (const { output, exited } of services) {
      assert.deepEqual(await exited, [1, null]);
      assert.equal(
        output.stderr,
        "user service can't start: USER_SERVICE_PORT: must be a port number, 0 to 65535\n",
      );
      assert.equal(output.stdout, '');
    }
  });

  it('exits with one line that names invalid subscribers and an invalid folder', async () => {
    const { output, exited } = launch('user', { PURGE_URLS: 'foo', DATA_DIR: '/etc/hostname' });
    assert.deepEqual(await exited, [1, null]);
    assert.equal(
      output.stderr,
      "user service can't start: " +
        'PURGE_URLS: must be at most 20 http or https addresses, separated by commas; ' +
        'DATA_DIR: must be a folder that can be written to, or a new one\n',
    );
  });

  it('exits with one line that names HOST if it is not an address of this machine', async () => {
    // 203.0.113.0/24 is reserved for documentation (RFC 5737), and names below .invalid never exist
    // (RFC 2606).
    for (const HOST of ['203.0.113.9', 'nope.invalid']) {
      const { output, exited } = launch('user', { USER_SERVICE_PORT: '0', HOST });
      assert.deepEqual(await exited, [1, null]);
      assert.equal(
        output.stderr,
        "user service can't start: HOST: must be an IP address or a name of this machine, " +
          `or 0.0.0.0 for all interfaces, not "${HOST}"\n`,
      );
    }
  });

  it('exits with one line if the port is in use', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    assert.ok(typeof address === 'object' && address);
    const { output, exited } = launch('user', { USER_SERVICE_PORT: String(address.port) });
    assert.deepEqual(await exited, [1, null]);
    assert.equal(
      output.stderr,
      `user service can't start: USER_SERVICE_PORT: port ${address.port} is in use by another program\n`,
    );
    server.close();
  });

  it('reads secrets from the environment or files and requires credentials', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'stand-in-'));
    try {
      const file = join(dir, 'token');
      await writeFile(file, ' secret-token\n');
      const { child, output, exited } = launch('user', {
        USER_SERVICE_PORT: '0',
        UPSTREAM_TOKEN_FILE: file,
        VIEWER_SIGNING_KEY: 'key',
      });
      await once(child.stdout, 'data');
      const url = /http:\S+/.exec(output.stdout)?.[0];
      const authorization = 'Bearer secret-token';
      assert.equal((await fetch(`${url}/users/1`)).status, 401);
      assert.equal((await fetch(`${url}/users/1`, { headers: { authorization } })).status, 200);
      const change = { method: 'PATCH', headers: { authorization } };
      assert.deepEqual(await (await fetch(`${url}/users/1`, change)).json(), {
        code: 'viewer_unknown',
      });
      child.kill();
      await exited;

      await writeFile(file, ' \n');
      const failures = [
        [{ UPSTREAM_TOKEN_FILE: file }, `UPSTREAM_TOKEN_FILE is empty or unreadable: ${file}`],
        [
          { VIEWER_SIGNING_KEY_FILE: '/no/where' },
          'VIEWER_SIGNING_KEY_FILE is empty or unreadable: /no/where',
        ],
        [
          { UPSTREAM_TOKEN: 'x', UPSTREAM_TOKEN_FILE: file },
          'set UPSTREAM_TOKEN or UPSTREAM_TOKEN_FILE, not both',
        ],
      ] as [Record<string, string>, string][];
      const services = failures.map(([env]) => launch('user', { USER_SERVICE_PORT: '0', ...env }));
      for (const [index, { output, exited }] of services.entries()) {
        assert.deepEqual(await exited, [1, null]);
        assert.equal(output.stderr, `user service can't start: ${failures[index]?.[1]}\n`);
      }
    } finally {
      await rm(dir, { recursive: true });
    }
  });

  it('signs its events with PURGE_SECRET', async () => {
    await using subscriber = await startSubscriber();
    const secret = 'secret-of-tests';
    const { child, output, exited } = launch('user', {
      USER_SERVICE_PORT: '0',
      PURGE_SECRET: secret,
    });
    await once(child.stdout, 'data');
    const url = /http:\S+/.exec(output.stdout)?.[0];
    for (const [method, path, body] of [
      ['PUT', '/_control/subscribers', { urls: [subscriber.url] }],
      ['PATCH', '/users/42', { name: 'New' }],
    ] as const) {
      const headers = { 'content-type': 'application/json' };
      const response = await fetch(url + path, { method, headers, body: JSON.stringify(body) });
      assert.ok(response.ok);
    }
    await until(() => subscriber.deliveries.length === 1);
    const [delivery] = subscriber.deliveries;
    assert.ok(delivery);
    assert.equal(delivery.headers['webhook-signature'], signatureOf(delivery, secret));
    child.kill();
    await exited;
  });
});
