import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { CAST } from '../../../services/support/cast.ts';
import { freePort } from '../../../tools/free-port.ts';
import { skipWithoutChromium, startChromium } from '../../support/chromium.ts';
import { createToken } from '../../support/environment.ts';
import { sealSession } from '../../support/session.ts';
import { until } from '../../support/until.ts';
import { NOTIFICATIONS, type Subscriptions, startSubscriptions } from './harness.ts';

const { customer } = CAST;

/** Scripts of pages that put what they get into `received`. */
const SCRIPTS = {
  EventSource: (stream: string, _socket: string) => `
    globalThis.received = [];
    globalThis.source = new EventSource(${JSON.stringify(stream)});
    source.addEventListener('next', ({ data }) => received.push(JSON.parse(data)));
    source.addEventListener('error', () => received.push('error ' + source.readyState));`,
  WebSocket: (_stream: string, socket: string) => `
    globalThis.received = [];
    globalThis.source = new WebSocket(${JSON.stringify(socket)}, 'graphql-transport-ws');
    source.onopen = () => source.send('{"type":"connection_init"}');
    source.onmessage = ({ data }) => {
      const { type, payload } = JSON.parse(data);
      const subscribe = { id: '1', type: 'subscribe', payload: { query: '${NOTIFICATIONS}' } };
      if (type === 'connection_ack') source.send(JSON.stringify(subscribe));
      if (type === 'next') received.push(payload);
    };
    source.onclose = ({ code }) => received.push('closed ' + code);`,
};

describe('In Chromium, a page with a session', { skip: skipWithoutChromium }, () => {
  for (const api of ['EventSource', 'WebSocket'] as const) {
    it(`gets what its user receives by ${api}, and a page of another origin nothing`, async () => {
      await using chromium = await startChromium();
      await using bff = await startAtPublicUrl();
      const cookies = [await sessionAt(bff)];
      const url = `${bff.url}/healthz`;
      const stream = `${bff.streamUrl}?query=${encodeURIComponent(NOTIFICATIONS)}`;
      const script = SCRIPTS[api](stream, bff.socketUrl);

      const page = await chromium.open(url, cookies);
      await until(async () => (await page.evaluate('location.href')) === url);
      await page.evaluate(`void (() => {${script}})()`);
      await bff.untilOpen(1);
      const id = await bff.notify(customer, 'In the browser');
      const result = { data: { notificationReceived: { id, title: 'In the browser' } } };
      await until(async () => (await page.evaluate('received.length')) > 0);
      assert.deepEqual(await page.evaluate('received'), [result]);

      // Another origin of the same host, which gets the same cookies.
      await using other = await startSubscriptions();
      const foreign = await chromium.open(`${other.url}/healthz`);
      await until(async () => (await foreign.evaluate('location.href')) === `${other.url}/healthz`);
      await foreign.evaluate(`void (() => {${script}})()`);
      await until(async () => (await foreign.evaluate('received.length')) > 0);
      assert.match((await foreign.evaluate('received'))[0], /^(error 2|closed 1006)$/);
      assert.equal(await bff.metric('frontdesk_subscriptions'), 1);

      await page.evaluate('source.close()');
      await bff.untilOpen(0);
    });
  }

  it('connects again by itself after the process was replaced', async () => {
    await using chromium = await startChromium();
    const port = String(await freePort());
    let bff: Subscriptions = await startAtPublicUrl(port);
    await using running = new AsyncDisposableStack();
    running.defer(() => bff[Symbol.asyncDispose]());
    const cookies = [await sessionAt(bff)];
    const stream = `${bff.streamUrl}?query=${encodeURIComponent(NOTIFICATIONS)}`;
    const page = await chromium.open(`${bff.url}/healthz`, cookies);
    await until(async () => (await page.evaluate('location.href')) === `${bff.url}/healthz`);
    await page.evaluate(`void (() => {${SCRIPTS.EventSource(stream, '')}})()`);
    await bff.untilOpen(1);
    await bff[Symbol.asyncDispose]();
    bff = await startAtPublicUrl(port);
    await bff.untilOpen(1);
    await bff.notify(customer, 'After the restart');
    const titles = `received.filter(({ data }) => data).map(({ data }) => data.notificationReceived.title)`;
    await until(async () => (await page.evaluate(titles)).length > 0);
    assert.deepEqual(await page.evaluate(titles), ['After the restart']);
  });
});

async function startAtPublicUrl(port?: string): Promise<Subscriptions> {
  const own = port ?? String(await freePort());
  return startSubscriptions({ WEB_PORT: own, PUBLIC_URL: `http://127.0.0.1:${own}` });
}

/** The cookie of a session of the customer. */
async function sessionAt({ url: publicUrl }: Subscriptions) {
  const value = await sealSession(await createToken(customer), {}, { publicUrl });
  return { name: '__Host-session', value };
}
