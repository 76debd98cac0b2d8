import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { get as getHttp, Agent as HttpAgent } from 'node:http';
import { get as getHttps, Agent as HttpsAgent } from 'node:https';
import { connect } from 'node:net';
import { buffer, text } from 'node:stream/consumers';
import { after, before, describe, it } from 'node:test';
import { connect as connectTls } from 'node:tls';
import { pino } from 'pino';
import { createApp } from '../../src/http/create-app.ts';
import { CLOSE_TIMEOUT_MS } from '../../src/server/termination.ts';
import { createListenerTls } from '../support/certificates.ts';
import { connectHttp2 } from '../support/http2-client.ts';
import { until } from '../support/until.ts';

/** More than the system takes before the client reads. */
const LARGE_BYTES = 30_000_000;
const REQUEST = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n';

describe('A server that closes', () => {
  let tls: Awaited<ReturnType<typeof createListenerTls>>;
  let certificate: { readonly cert: string; readonly key: string };
  before(async () => {
    tls = await createListenerTls();
    certificate = {
      cert: await readFile(tls.env.TLS_CERT, 'utf8'),
      key: await readFile(tls.env.TLS_KEY, 'utf8'),
    };
  });
  after(() => tls?.[Symbol.asyncDispose]());

  /** @param whileClosing - called after the server has begun to close, and before it stops listening */
  async function start(
    scheme: 'http' | 'https',
    whileClosing: (url: string) => Promise<unknown> = async () => {},
  ) {
    const app = createApp({
      log: pino({ level: 'silent' }),
      notFoundMessage: () => 'Nothing.',
      ...(scheme === 'https' && { tls: certificate }),
    });
    app.get('/', async () => ({ ok: true }));
    app.get('/large', async () => Buffer.alloc(LARGE_BYTES));
    app.addHook('preClose', async () => void (await whileClosing(url)));
    const url = await app.listen({ host: '127.0.0.1', port: 0 });
    const { port } = new URL(url);
    return { app, url, address: { host: '127.0.0.1', port: Number(port) } };
  }

  /** Waits for a server to close, which takes less time than a process has for it. */
  async function closes(app: Awaited<ReturnType<typeof start>>['app']): Promise<void> {
    const startedAt = performance.now();
    await app.close();
    assert.ok(performance.now() - startedAt < CLOSE_TIMEOUT_MS);
  }

  it('answers a request of a new HTTP/2 session, and ends it', async () => {
    const statuses: number[] = [];
    const { app } = await start('https', async (url) => {
      const client = await connectHttp2(url, tls.ca);
      statuses.push((await client.get('/')).status);
      await once(client.session, 'close');
    });
    await closes(app);
    assert.deepEqual(statuses, [200]);
  });

  it('ends a new HTTP/2 session that has no request', async () => {
    let ended: Promise<unknown> | undefined;
    const { app } = await start('https', async (url) => {
      const { session } = await connectHttp2(url, tls.ca);
      ended = once(session, 'goaway');
    });
    await closes(app);
    await ended;
  });

  for (const scheme of ['http', 'https'] as const) {
    it(`answers a request of a new HTTP/1.1 connection (${scheme}), and closes it`, async () => {
      const answers: unknown[] = [];
      const get = scheme === 'http' ? getHttp : getHttps;
      const { app } = await start(scheme, async (url) => {
        const [response] = await once(get(url, { ca: tls.ca }), 'response');
        answers.push(response.statusCode, response.headers.connection, await text(response));
      });
      await closes(app);
      assert.deepEqual(answers, [200, 'close', '{"ok":true}']);
    });

    it(`closes TCP connections that send nothing (${scheme}), also new ones`, async () => {
      const open = async () => {
        const socket = connect(address).on('error', () => {});
        await once(socket, 'connect');
        return socket;
      };
      const { app, address } = await start(scheme, open);
      await open();
      await closes(app);
    });

    it(`sends all of an HTTP/1.1 response that its client reads slowly (${scheme}), then closes the connection`, async () => {
      const get = scheme === 'http' ? getHttp : getHttps;
      // Unlike the global agent, it does not close idle connections itself.
      const agent = new (scheme === 'http' ? HttpAgent : HttpsAgent)({ keepAlive: true });
      const { app, url } = await start(scheme);
      const [response] = await once(get(`${url}/large`, { ca: tls.ca, agent }), 'response');
      const closed = closes(app);
      await until(() => !app.server.listening);
      assert.equal((await buffer(response)).length, LARGE_BYTES);
      await closed;
    });
  }

  it('closes TLS connections that speak HTTP/1.1 and send nothing', async () => {
    const { app, address } = await start('https', async () => {
      const socket = connectTls({ ...address, ca: tls.ca, ALPNProtocols: ['http/1.1'] });
      await once(
        socket.on('error', () => {}),
        'secureConnect',
      );
    });
    await closes(app);
  });

  it('answers connections that it has not accepted yet', async () => {
    const { app, address } = await start('http');
    const sockets = Array.from({ length: 50 }, () => connect(address));
    const answers = sockets.map((socket) =>
      text(socket.on('connect', () => socket.write(REQUEST))),
    );
    await Promise.all(sockets.map((socket) => once(socket, 'connect')));
    const [, received] = await Promise.all([closes(app), Promise.all(answers)]);
    for (const answer of received) assert.match(answer, /^HTTP\/1.1 200 /);
  });
});
