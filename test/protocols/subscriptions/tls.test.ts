import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, before, describe, it } from 'node:test';
import WebSocket from 'ws';
import { CAST } from '../../../services/support/cast.ts';
import { createListenerTls } from '../../support/certificates.ts';
import { connectHttp2 } from '../../support/http2-client.ts';
import { until } from '../../support/until.ts';
import { NOTIFICATIONS, type Subscriptions, startSubscriptions } from './harness.ts';

const { customer } = CAST;

describe('A subscription over TLS', () => {
  let tls: Awaited<ReturnType<typeof createListenerTls>>;
  let bff: Subscriptions;
  before(async () => {
    tls = await createListenerTls();
    bff = await startSubscriptions(tls.env);
  });
  after(async () => {
    await bff[Symbol.asyncDispose]();
    await tls[Symbol.asyncDispose]();
  });

  it('gets its events by HTTP/2, which several share', async () => {
    using client = await connectHttp2(bff.url, tls.ca);
    const headers = {
      ':path': `/graphql/stream?query=${encodeURIComponent(NOTIFICATIONS)}`,
      accept: 'text/event-stream',
      ...(await bff.headersOf({})),
    };
    const streams = [client.open(headers), client.open(headers)];
    const texts = streams.map((stream) => {
      let text = '';
      stream.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
      });
      return () => text;
    });
    await bff.untilOpen(2);
    for (const title of ['By HTTP/2', 'Again']) {
      await bff.notify(customer, title);
      await until(() => texts.every((text) => text().includes(title)));
    }
    for (const stream of streams) stream.close();
    await bff.untilOpen(0);
  });

  it('gets its events by WebSocket, over HTTP/1.1', async () => {
    const socket = new WebSocket(bff.socketUrl, 'graphql-transport-ws', {
      ca: tls.ca,
      headers: await bff.headersOf({}),
    });
    await once(socket, 'open');
    socket.send('{"type":"connection_init"}');
    await once(socket, 'message');
    const payload = { query: NOTIFICATIONS };
    socket.send(JSON.stringify({ id: '1', type: 'subscribe', payload }));
    await bff.untilOpen(1);
    const message = once(socket, 'message');
    await bff.notify(customer, 'By WebSocket');
    assert.match(String((await message)[0]), /By WebSocket/);
    socket.close();
    await bff.untilOpen(0);
  });
});
