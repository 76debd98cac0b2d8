import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, it } from 'node:test';
import { skipWithout } from '../support/program.ts';
import { until } from '../support/until.ts';
import { describeSubscriptions } from './edge-subscriptions.ts';
import { describeEdge } from './edge-suite.ts';
import { startNginx, startNginxForOne } from './nginx.ts';

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

/** Starts nginx in front of servers that record what they get. */
async function startRecorded() {
  await using started = new AsyncDisposableStack();
  const [stable, other, canary, shadow] = [
    await startServer(),
    await startServer(),
    await startServer(),
    await startServer(),
  ];
  for (const { close } of [stable, other, canary, shadow]) started.defer(close);
  const nginx = started.use(
    await startNginx({
      stable: stable.port,
      other: other.port,
      canary: canary.port,
      shadow: shadow.port,
    }),
  );
  const resources = started.move();
  return {
    url: nginx.url,
    /** The requests to the replicas and the canary. */
    served: () => [...stable.seen, ...other.seen, ...canary.seen],
    mirrored: () => shadow.seen,
    stopOne: () => (stable.seen.length > 0 ? stable : other).close(),
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}

const SKIP = skipWithout('nginx', 'nginx-light');

describeEdge('nginx', SKIP, startNginxForOne);
describeSubscriptions('nginx', SKIP, startNginxForOne);

describe('nginx in front of replicas', { skip: SKIP }, () => {
  it('mirrors reads, and never a POST, which may be a mutation', async () => {
    await using nginx = await startRecorded();
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

  it('does not mirror a WebSocket handshake, which would stay open', async () => {
    await using nginx = await startRecorded();
    const headers = { connection: 'upgrade', upgrade: 'websocket' };
    const handshake = request(`${nginx.url}/graphql`, { headers }).end();
    const [response] = await once(handshake, 'response');
    response.resume();
    await fetch(`${nginx.url}/graphql?query={a}`);
    await until(() => nginx.mirrored().length > 0);
    assert.equal(nginx.served().length, 2);
    assert.equal(nginx.mirrored().length, 1);
  });

  it('replaces the address that a client claims', async () => {
    await using nginx = await startRecorded();
    await fetch(`${nginx.url}/graphql`, { headers: { 'x-forwarded-for': '203.0.113.9' } });
    assert.deepEqual(nginx.served(), [{ method: 'GET', forwardedFor: '127.0.0.1' }]);
  });

  it('sends requests to the other replica when one has gone', async () => {
    await using nginx = await startRecorded();
    await fetch(`${nginx.url}/graphql`);
    nginx.stopOne();
    for (let round = 0; round < 4; round++) {
      const { status } = await fetch(`${nginx.url}/graphql`, { method: 'POST', body: '{}' });
      assert.equal(status, 200);
    }
  });
});
