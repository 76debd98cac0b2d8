import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { connect } from 'node:net';
import { Readable } from 'node:stream';
import { describe, it } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { until } from '../../support/until.ts';
import { startProxy } from './harness.ts';

const MIB = 1024 * 1024;
const TOTAL_BYTES = 200 * MIB;
/** More than all buffers of three connections hold, in the kernel and in Node. */
const MAX_BUFFERED_BYTES = 40 * MIB;
const CHUNK = Buffer.alloc(64 * 1024, 'x');

/** A source of TOTAL_BYTES that counts what has been taken from it. */
function createSource() {
  const source = { takenBytes: 0, stream: undefined as unknown as Readable };
  source.stream = Readable.from(
    (function* () {
      for (; source.takenBytes < TOTAL_BYTES; source.takenBytes += CHUNK.length) yield CHUNK;
    })(),
    { objectMode: false, highWaterMark: CHUNK.length },
  );
  return source;
}

/** Waits until a count does not grow any more. */
async function untilSettled(count: () => number): Promise<number> {
  let last = -1;
  for (let unchanged = 0; unchanged < 50; ) {
    for (let n = 0; n < 20; n++) await turn();
    unchanged = count() === last ? unchanged + 1 : 0;
    last = count();
  }
  return last;
}

/** Reads a stream to its end. @returns the number of bytes */
async function drain(stream: AsyncIterable<Buffer>): Promise<number> {
  let bytes = 0;
  for await (const chunk of stream) bytes += chunk.length;
  return bytes;
}

/** Opens a request whose body the test writes. */
function open(url: string, headers: Record<string, string> = {}, method = 'POST') {
  const { hostname, port } = new URL(url);
  const outgoing = request({ hostname, port, path: '/x/1', method, headers, agent: false });
  outgoing.on('error', () => {});
  return outgoing;
}

const responseTo = async (outgoing: ReturnType<typeof open>): Promise<IncomingMessage> =>
  (await once(outgoing, 'response'))[0];

describe('A response of 200 MB', () => {
  it('waits for a client that does not read, in bounded memory, and then arrives complete', async () => {
    const source = createSource();
    await using proxy = await startProxy((_request, response) => source.stream.pipe(response));
    const outgoing = open(proxy.url, {}, 'GET').end();
    const response = await responseTo(outgoing);
    const taken = await untilSettled(() => source.takenBytes);
    assert.ok(taken < MAX_BUFFERED_BYTES, `${taken / MIB} MiB are buffered`);
    assert.equal(await drain(response), TOTAL_BYTES);
  });

  it('is aborted at the service when its client leaves', async () => {
    const source = createSource();
    const closed = Promise.withResolvers<void>();
    await using proxy = await startProxy((_request, response) => {
      source.stream.pipe(response);
      response.once('close', closed.resolve);
    });
    const outgoing = open(proxy.url, {}, 'GET').end();
    await responseTo(outgoing);
    outgoing.destroy();
    await closed.promise;
    assert.ok(source.takenBytes < MAX_BUFFERED_BYTES);
  });
});

describe('A request of 200 MB', () => {
  it('waits for a service that does not read, in bounded memory, and then arrives complete', async () => {
    const source = createSource();
    const received = Promise.withResolvers<IncomingMessage>();
    await using proxy = await startProxy(
      (request, response) => {
        received.resolve(request);
        request.once('end', () => response.end('{}'));
      },
      {},
      { REQUEST_DEADLINE_MS: '60000' },
    );
    const outgoing = open(proxy.url);
    source.stream.pipe(outgoing);
    const incoming = await received.promise;
    const taken = await untilSettled(() => source.takenBytes);
    assert.ok(taken < MAX_BUFFERED_BYTES, `${taken / MIB} MiB are buffered`);
    const response = responseTo(outgoing);
    assert.equal(await drain(incoming), TOTAL_BYTES);
    assert.equal((await response).statusCode, 200);
  });

  it('is answered if the service refuses it before its end', async () => {
    const source = createSource();
    await using proxy = await startProxy((_request, response) =>
      response.writeHead(413).end('{"code":"too_large"}'),
    );
    const outgoing = open(proxy.url);
    source.stream.pipe(outgoing);
    const response = await responseTo(outgoing);
    assert.equal(response.statusCode, 413);
    assert.equal(response.headers.connection, 'close');
    outgoing.destroy();
  });

  it('is answered if the service closes the connection before its end', async () => {
    const source = createSource();
    await using proxy = await startProxy((request) => {
      request.once('data', () => request.socket.destroy());
    });
    const outgoing = open(proxy.url);
    source.stream.pipe(outgoing);
    assert.equal((await responseTo(outgoing)).statusCode, 503);
    outgoing.destroy();
  });

  it('is aborted at the service when its client leaves', async () => {
    const aborted = Promise.withResolvers<void>();
    await using proxy = await startProxy((request) => {
      request.once('error', () => {}).once('close', aborted.resolve);
      request.once('data', () => outgoing.destroy());
    });
    const outgoing = open(proxy.url);
    outgoing.write(CHUNK);
    await aborted.promise;
  });
});

describe('A streamed response', () => {
  it('begins before it ends', async () => {
    const end = Promise.withResolvers<void>();
    await using proxy = await startProxy((_request, response) => {
      response.write('first');
      void end.promise.then(() => response.end('last'));
    });
    const response = await responseTo(open(proxy.url, {}, 'GET').end());
    const [first] = await once(response, 'data');
    assert.equal(String(first), 'first');
    end.resolve();
    const [last] = await once(response, 'data');
    assert.equal(String(last), 'last');
  });

  it('outlives the deadline of its request once it has begun', async () => {
    const proceed = Promise.withResolvers<void>();
    await using proxy = await startProxy((_request, response) => {
      response.write('first');
      void proceed.promise.then(() => response.end('last'));
    });
    const sent = open(proxy.url, { 'x-request-timeout-ms': '300' }, 'GET').end();
    const response = await responseTo(sent);
    setTimeout(proceed.resolve, 400);
    assert.equal(await drain(response), 'firstlast'.length);
  });

  it('ends as broken if the service resets it', async () => {
    await using proxy = await startProxy((request, response) => {
      response.writeHead(200, { 'content-length': '100' }).write('half');
      setImmediate(() => request.socket.resetAndDestroy());
    });
    const response = await responseTo(open(proxy.url, {}, 'GET').end());
    await assert.rejects(drain(response), { code: 'ECONNRESET' });
  });

  it('gets no error response into its body if the client sends bytes that are not HTTP', async () => {
    await using proxy = await startProxy((_request, response) => {
      response.writeHead(200, { 'content-length': '400' }).write('first');
    });
    const socket = connect(Number(new URL(proxy.url).port), '127.0.0.1');
    let received = '';
    socket.on('data', (chunk) => {
      received += chunk;
      if (received.endsWith('first')) socket.write('not HTTP\r\n\r\n');
    });
    socket.write('GET /x/1 HTTP/1.1\r\nHost: x\r\n\r\n');
    await once(socket, 'close');
    assert.match(received, /\r\n\r\nfirst$/);
  });

  it('keeps its place at the service until it ends: 64 at the same time', async () => {
    const held: { end: () => void }[] = [];
    await using proxy = await startProxy((_request, response) => {
      response.write('first');
      held.push(response);
    });
    const all = Array.from({ length: 70 }, () =>
      fetch(`${proxy.url}/x/1`).then((response) => response.text()),
    );
    await until(() => held.length === 64);
    for (let n = 0; n < 20; n++) await turn();
    assert.equal(held.length, 64);
    for (let n = 0; n < 70; n++) {
      await until(() => held[n] !== undefined);
      held[n]?.end();
    }
    assert.deepEqual(new Set(await Promise.all(all)), new Set(['first']));
  });

  it('frees its place at the service when it is over, however it ends', async () => {
    let open = 0;
    await using proxy = await startProxy((request, response) => {
      open++;
      response.once('close', () => open--);
      response.write('first');
      if (request.url?.endsWith('/whole')) response.end();
      if (request.url?.endsWith('/reset')) setImmediate(() => request.socket.destroy());
    });
    // More than the bulkhead has places.
    for (let n = 0; n < 40; n++) {
      for (const path of ['/x/whole', '/x/reset', '/x/left']) {
        const { hostname, port } = new URL(proxy.url);
        const socket = connect(Number(port), hostname);
        socket.on('error', () => {});
        socket.write(`GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
        await once(socket, 'data');
        socket.destroy();
      }
    }
    await until(() => open === 0);
  });
});
