import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { Agent, get } from 'node:http';
import { createServer } from 'node:net';
import { test } from 'node:test';

function launch(name: string, env: Record<string, string>) {
  const main = new URL(`../../services/${name}/main.ts`, import.meta.url).pathname;
  const child = spawn(process.execPath, [main], { env: { ...process.env, ...env } });
  const output = { stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (text) => (output.stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text) => (output.stderr += text));
  return { child, output, ended: once(child, 'close') };
}

for (const [name, signal] of [
  ['user', 'SIGTERM'],
  ['order', 'SIGINT'],
  ['notification', 'SIGTERM'],
] as const) {
  test(`the ${name} service says where it listens and ends on ${signal}`, async () => {
    const { child, output, ended } = launch(name, { [`${name.toUpperCase()}_SERVICE_PORT`]: '0' });
    await once(child.stdout, 'data');
    const [, url] =
      output.stdout.match(/^\w+ service listening on (http:\/\/127\.0\.0\.1:\d+)\n$/) ?? [];
    assert.ok(url, output.stdout + output.stderr);
    assert.ok(output.stdout.startsWith(name));

    // Leaves an idle keep-alive connection behind.
    const agent = new Agent({ keepAlive: true });
    const [response] = await once(get(`${url}/_control/requests`, { agent }), 'response');
    response.resume();
    await once(response, 'end');
    child.kill(signal);
    assert.deepEqual(await ended, [0, null]);
    assert.equal(output.stderr, '');
    agent.destroy();
  });
}

test('a wrong port ends the start with one readable line', async () => {
  for (const port of ['abc', '70000', '-1', '50.5']) {
    const { output, ended } = launch('user', { USER_SERVICE_PORT: port });
    assert.deepEqual(await ended, [1, null]);
    assert.equal(
      output.stderr,
      `USER_SERVICE_PORT must be a port from 0 to 65535, not "${port}"\n`,
    );
    assert.equal(output.stdout, '');
  }
});

test('a port in use ends the start with one readable line', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  assert.ok(typeof address === 'object' && address);
  const { output, ended } = launch('user', { USER_SERVICE_PORT: String(address.port) });
  assert.deepEqual(await ended, [1, null]);
  assert.match(output.stderr, /^user service cannot start: .*EADDRINUSE.*\n$/);
  server.close();
});
