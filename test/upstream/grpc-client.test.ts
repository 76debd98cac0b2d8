import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { constants, createSecureServer } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { describe, it } from 'node:test';
import { CAST, CUSTOMER_UNREAD } from '../../services/support/cast.ts';
import type { Fault } from '../../services/support/faults.ts';
import { NotificationService } from '../../src/datasources/generated/notification-grpc.ts';
import { target } from '../../src/datasources/target.ts';
import { isKnownNotApplied, isUpstreamFault, UpstreamFailure } from '../../src/upstream/errors.ts';
import { createGrpcClient } from '../../src/upstream/grpc-client.ts';
import { createCertificates } from '../support/certificates.ts';
import { until } from '../support/until.ts';
import { call, startGrpcService, startHttp2Server, succeed } from './grpc-harness.ts';

/** Responses outside of the contract, and the failures that they are; as over HTTP. */
const UNTRUSTED: readonly (readonly [what: string, fault: Fault, failure: object])[] = [
  ['of half a message', { malformed: 'json' }, { kind: 'malformed' }],
  ['of JSON', { malformed: 'shape' }, { kind: 'malformed' }],
  ['that is shorter than it says', { body: 'wrongLength' }, { kind: 'malformed' }],
  ['far over the size limit', { body: 'oversized' }, { kind: 'malformed' }],
  ['of messages without an end', { body: 'endless' }, { kind: 'malformed' }],
  ['that is compressed', { body: 'gzipBomb' }, { kind: 'malformed' }],
  ['of HTML', { body: 'html' }, { kind: 'malformed' }],
  ['of a proxy in front', { body: 'html', status: 503 }, { kind: 'status', status: 503 }],
  ['that redirects', { body: 'redirect' }, { kind: 'status', status: 302 }],
  ['that breaks off in the middle', { cutBody: 'reset' }, { kind: 'connection' }],
  ['that never begins', { reset: true }, { kind: 'connection' }],
];

describe('The gRPC client of an upstream', () => {
  it('sends parameters and JSON as a message, and returns the JSON of the response', async () => {
    await using service = await startGrpcService();
    const counts = await service.send({
      operation: 'unreadByUsers',
      target: target(['unread'], { users: [CAST.customer, CAST.noOrders] }),
    });
    assert.equal(counts.status, 200);
    assert.deepEqual(counts.body, {
      counts: [
        { userId: CAST.noOrders, count: 0 },
        { userId: CAST.customer, count: CUSTOMER_UNREAD },
      ],
    });
    const unusual = await service.send({
      operation: 'unreadByUsers',
      target: target(['unread'], { users: ['auth0|4,2', '100%'] }),
    });
    assert.deepEqual(unusual.body, {
      counts: [
        { userId: '100%', count: 0 },
        { userId: 'auth0|4,2', count: 0 },
      ],
    });
    const json = { userId: CAST.customer, ids: ['none'] };
    const marked = await service.send({ operation: 'markRead', method: 'POST', json });
    assert.deepEqual(marked.body, { notifications: [], missing: ['none'] });
  });

  it('takes a status for what it is over HTTP', async () => {
    await using service = await startGrpcService();
    for (const status of [401, 403, 429, 500, 501, 503, 504]) {
      service.control.faults({ '*': { status } });
      await assert.rejects(service.send(), { kind: 'status', status });
    }
    for (const status of [400, 404, 409]) {
      service.control.faults({ '*': { status } });
      assert.deepEqual(await service.send(), { status, body: {}, freshness: undefined });
    }
  });

  it('takes a call that the upstream has cancelled for failed, with an unknown outcome', async () => {
    await using shuttingDown = await startHttp2Server((stream) => {
      const trailers = { 'content-type': 'application/grpc', 'grpc-status': '1' };
      stream.respond({ ':status': 200, ...trailers }, { endStream: true });
    });
    for (const method of ['GET', 'POST'] as const) {
      await assert.rejects(shuttingDown.send(method), (error) => {
        assert.equal(isUpstreamFault(error), true);
        assert.equal(isKnownNotApplied(error), false);
        return true;
      });
    }
  });

  for (const [what, fault, failure] of UNTRUSTED) {
    it(`refuses a response ${what}`, async () => {
      await using service = await startGrpcService();
      service.control.faults({ '*': fault });
      await assert.rejects(service.send(), { name: 'UpstreamFailure', ...failure });
      service.control.clear();
      assert.equal((await service.send({ items: 12 })).status, 200);
    });
  }

  it('limits the size of a response by the number of requested objects', async () => {
    await using large = await startHttp2Server((stream) => {
      stream.respond({ ':status': 200, 'content-type': 'application/grpc' });
      const head = Buffer.alloc(5);
      head.writeUInt32BE(256 * 1024 + 4 * 1024 + 1, 1);
      stream.write(head);
    });
    await assert.rejects(large.send('GET'), { kind: 'malformed' });
  });

  it('cancels the call when no request waits for it any longer', async () => {
    await using service = await startGrpcService();
    service.control.faults({ '*': { hang: true } });
    const waiters = new AbortController();
    const sent = service.send({}, waiters);
    await until(() => service.control.requests().total === 1);
    const abandoned = new UpstreamFailure('abandoned', 'no request waits');
    waiters.abort(abandoned);
    await assert.rejects(sent, abandoned);
    await until(() => service.control.requests().recent[0]?.aborted === true);
  });

  it('cancels the call after its timeout', async () => {
    await using service = await startGrpcService();
    service.control.faults({ '*': { cutBody: 'hang' } });
    await assert.rejects(service.send({ timeoutMs: 50 }), { kind: 'timeout' });
    await until(() => service.control.requests().recent[0]?.aborted === true);
  });

  it('says that a write was not applied if the service does not listen', async () => {
    const service = await startGrpcService();
    await service[Symbol.asyncDispose]();
    const json = { userId: CAST.customer, ids: ['1'] };
    await assert.rejects(
      service.send({ operation: 'markRead', method: 'POST', json }),
      ({ kind, cause }) => kind === 'connection' && cause.code === 'ECONNREFUSED',
    );
  });

  it('repeats a read on a new connection when the upstream has closed the reused one', async () => {
    await using upstream = await startHttp2Server((stream, index) =>
      index % 2 === 1 ? upstream.closeConnections() : succeed(stream),
    );
    for (let n = 0; n < 4; n++) assert.equal((await upstream.send('GET')).status, 200);
    assert.equal(upstream.requests(), 7);
  });

  it('sends a write once when the upstream closes the reused connection, and fails it', async () => {
    await using upstream = await startHttp2Server((stream, index) =>
      index === 1 ? upstream.closeConnections() : succeed(stream),
    );
    await upstream.send('POST');
    await assert.rejects(upstream.send('POST'), { kind: 'connection' });
    assert.equal(upstream.requests(), 2);
  });

  it('repeats even a write that the upstream refused while it closes the connection', async () => {
    await using upstream = await startHttp2Server((stream, index) =>
      index === 1 ? stream.close(constants.NGHTTP2_REFUSED_STREAM) : succeed(stream),
    );
    await upstream.send('POST');
    assert.equal((await upstream.send('POST')).status, 200);
    assert.equal(upstream.requests(), 3);
  });

  it('sends reads over one connection, and a write after a while over a new one', async () => {
    await using upstream = await startHttp2Server(succeed);
    for (let n = 0; n < 3; n++) await upstream.send('GET');
    assert.equal(upstream.connections(), 1);
    await upstream.send('POST');
    await until(() => upstream.openConnections() === 1);
    await upstream.send('POST');
    assert.equal(upstream.connections(), 3);
  });

  it('uses TLS for grpcs addresses, with the certificate of this service', async () => {
    await using certificates = await createCertificates();
    const authority = await certificates.authority();
    const files = await certificates.issue(authority);
    const tls = {
      ca: readFileSync(authority.cert, 'utf8'),
      cert: readFileSync(files.cert, 'utf8'),
      key: readFileSync(files.key, 'utf8'),
    };
    const server = createSecureServer({ ...tls, requestCert: true, rejectUnauthorized: true });
    server.on('stream', succeed);
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const baseUrl = `grpcs://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const { signal } = new AbortController();

    const client = createGrpcClient(NotificationService, tls);
    assert.equal((await client.send(call(baseUrl), signal)).status, 200);
    client.close();
    const stranger = createGrpcClient(NotificationService, { ca: tls.ca });
    await assert.rejects(stranger.send(call(baseUrl), signal), { kind: 'connection' });
    stranger.close();
    await new Promise((resolve) => server.close(resolve));
  });
});
