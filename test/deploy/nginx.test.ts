import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { ROOT } from '../../tools/tree.ts';
import { freePort } from '../support/free-port.ts';
import { skipWithout } from '../support/program.ts';
import { until } from '../support/until.ts';

interface SeenRequest {
  readonly method: string | undefined;
  readonly forwardedFor: string | string[] | undefined;
}

/** A server that records what it gets. */
async function startServer() {
  const seen: SeenRequest[] = [];
  const server = createServer(({ method, headers }, response) => {
    seen.push({ method, forwardedFor: headers['x-forwarded-for'] });
    response.end('{}');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const close = () => {
    server.closeAllConnections();
    server.close();
  };
  return { port, seen, close };
}

/** Starts nginx with deploy/nginx/nginx.conf in front of servers. */
async function startNginx() {
  await using started = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), 'nginx-'));
  started.defer(() => rm(folder, { recursive: true, force: true }));
  const [stable, other, canary, shadow] = [
    await startServer(),
    await startServer(),
    await startServer(),
    await startServer(),
  ];
  const servers = { 4000: stable, 4010: other, 4020: canary, 4030: shadow };
  for (const { close } of Object.values(servers)) started.defer(close);
  const port = await freePort();
  let config = await readFile(new URL('deploy/nginx/nginx.conf', ROOT), 'utf8');
  for (const [original, server] of Object.entries(servers)) {
    config = config.replaceAll(`127.0.0.1:${original}`, `127.0.0.1:${server.port}`);
  }
  config = config.replace('listen 8080', `listen 127.0.0.1:${port}`);
  // Its folders for bodies are root's.
  const paths = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
  const temporary = paths.map((name) => `${name}_temp_path ${folder}/${name};`).join(' ');
  await mkdir(join(folder, 'logs'));
  await writeFile(join(folder, 'nginx.conf'), config.replace('\nhttp {', `\nhttp { ${temporary}`));
  const args = ['-p', folder, '-c', join(folder, 'nginx.conf'), '-e', 'stderr'];
  const child = spawn('nginx', [...args, '-g', 'daemon off;'], { stdio: 'ignore' });
  const exited = once(child, 'exit');
  started.defer(async () => {
    child.kill('SIGTERM');
    await exited;
  });
  const url = `http://127.0.0.1:${port}`;
  await until(() =>
    fetch(`${url}/healthz`).then(
      ({ status }) => status === 404,
      () => {
        if (child.exitCode !== null) throw new Error('nginx does not start');
        return false;
      },
    ),
  );
  const resources = started.move();
  return {
    url,
    /** The requests to the replicas and the canary. */
    served: () => [...stable.seen, ...other.seen, ...canary.seen],
    mirrored: () => shadow.seen,
    stopOne: () => (stable.seen.length > 0 ? stable : other).close(),
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}

describe('nginx in front of replicas', { skip: skipWithout('nginx', 'nginx-light') }, () => {
  it('mirrors reads, and never a POST, which may be a mutation', async () => {
    await using nginx = await startNginx();
    const post = await fetch(`${nginx.url}/graphql`, { method: 'POST', body: '{}' });
    const get = await fetch(`${nginx.url}/graphql?query={a}`);
    assert.deepEqual([post.status, get.status], [200, 200]);
    await until(() => nginx.mirrored().length > 0);
    assert.deepEqual(
      nginx
        .served()
        .map(({ method }) => method)
        .sort(),
      ['GET', 'POST'],
    );
    assert.deepEqual(
      nginx.mirrored().map(({ method }) => method),
      ['GET'],
    );
  });

  it('replaces the address that a client claims', async () => {
    await using nginx = await startNginx();
    await fetch(`${nginx.url}/graphql`, { headers: { 'x-forwarded-for': '203.0.113.9' } });
    assert.deepEqual(nginx.served(), [{ method: 'GET', forwardedFor: '127.0.0.1' }]);
  });

  it('sends requests to the other replica when one has gone', async () => {
    await using nginx = await startNginx();
    await fetch(`${nginx.url}/graphql`);
    nginx.stopOne();
    for (let round = 0; round < 4; round++) {
      const { status } = await fetch(`${nginx.url}/graphql`, { method: 'POST', body: '{}' });
      assert.equal(status, 200);
    }
  });
});
