import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { after, before, describe, it, mock, suite, test } from 'node:test';
import { Webhook } from 'standardwebhooks';
import { web } from '../../bff-web/bff.ts';
import { webhookHeaders } from '../../services/support/webhook.ts';
import { createWebhookVerifier } from '../../src/auth/webhook.ts';
import { loadConfig } from '../../src/config.ts';
import { BffError } from '../../src/errors.ts';
import { startWorld } from '../support/world.ts';

const SECRET = 'a-secret-that-the-senders-have-too';
const NOW_S = 1_800_000_000;
const BODY = Buffer.from('{"tags":["Order:17"]}');

const signatureOf = (id: string, time: number | string, body: Buffer, secret = SECRET): string =>
  `v1,${createHmac('sha256', secret).update(`${id}.${time}.`).update(body).digest('base64')}`;

/** A message that is signed as it must be, but for what is changed. */
const message = (
  changed: IncomingHttpHeaders = {},
  id = 'msg_1',
  time: number | string = NOW_S,
) => ({
  'webhook-id': id,
  'webhook-timestamp': String(time),
  'webhook-signature': signatureOf(id, time, BODY),
  ...changed,
});

const verify = createWebhookVerifier(SECRET);

function assertRefused(headers: IncomingHttpHeaders, body: Buffer, says: RegExp, what: string) {
  assert.throws(
    () => verify(headers, body),
    (error) => {
      assert.ok(error instanceof BffError, what);
      assert.equal(error.code, 'UNAUTHENTICATED', what);
      assert.match(error.message, says, what);
      assert.doesNotMatch(error.message, new RegExp(SECRET), what);
      return true;
    },
  );
}

suite("a message's signature", () => {
  before(() => mock.timers.enable({ apis: ['Date'], now: NOW_S * 1_000 }));
  after(() => mock.timers.reset());

  test('is that of Standard Webhooks, with the bytes of the secret as the key', () => {
    const headers = {
      'webhook-id': 'msg_p5jXN8AQM9LWM0D4loKWxJek',
      'webhook-timestamp': String(NOW_S),
      'webhook-signature': 'v1,A0piixjE7NE4K4cHDJo9H4xBvuOi77894wNzRfJl36k=',
    };
    const body = Buffer.from('{"test": 2432232314}');
    assert.equal(verify(headers, body), headers['webhook-id']);
  });

  test('lets a message in, and gives its id', () => {
    assert.equal(verify(message(), BODY), 'msg_1');
    const longest = '~'.repeat(128);
    assert.equal(verify(message({}, longest), BODY), longest);
    const empty = Buffer.alloc(0);
    assert.equal(
      verify({ ...message(), 'webhook-signature': signatureOf('msg_1', NOW_S, empty) }, empty),
      'msg_1',
    );
  });

  test('may be one of several, while the secret is exchanged for another', () => {
    const good = signatureOf('msg_1', NOW_S, BODY);
    const old = signatureOf('msg_1', NOW_S, BODY, 'the secret of last month, or so it is');
    for (const signatures of [`${old} ${good}`, `${good} ${old}`, `v1a,abc v2,${old} ${good}`]) {
      assert.equal(verify(message({ 'webhook-signature': signatures }), BODY), 'msg_1');
    }
    assertRefused(message({ 'webhook-signature': `${old} ${old}` }), BODY, /signature/, 'old');
  });

  test('is refused if it is missing, of another secret, or of another form', () => {
    const good = signatureOf('msg_1', NOW_S, BODY);
    const [, text = ''] = good.split(',');
    const wrong: Record<string, string | undefined> = {
      missing: undefined,
      empty: '',
      'the word for nothing': 'undefined',
      'without a version': text,
      'of another version': `v2,${text}`,
      'of an asymmetric version': `v1a,${text}`,
      'of a version in capitals': `V1,${text}`,
      'an empty one': 'v1,',
      'the version alone': 'v1',
      'cut short': good.slice(0, -4),
      'made longer': `v1,AAAA${text}`,
      'of no bytes that are right': `v1,${Buffer.alloc(32).toString('base64')}`,
      'in hex': `v1,${Buffer.from(text, 'base64').toString('hex')}`,
      'with its letters in another case': `v1,${text.toLowerCase()}`,
      'of another secret': signatureOf('msg_1', NOW_S, BODY, 'another'),
      'of another id': signatureOf('msg_2', NOW_S, BODY),
      'of another time': signatureOf('msg_1', NOW_S + 1, BODY),
      'of the body alone': `v1,${createHmac('sha256', SECRET).update(BODY).digest('base64')}`,
    };
    for (const [what, signature] of Object.entries(wrong)) {
      const headers = message({ 'webhook-signature': signature });
      assertRefused(headers, BODY, /signature/, what);
    }
  });

  test('is over the bytes: white space, order and the end of a line count', () => {
    for (const text of [
      '{"tags": ["Order:17"]}',
      '{"tags":["Order:17"]}\n',
      ' {"tags":["Order:17"]}',
      '{"tags":["Order:18"]}',
      '',
    ]) {
      assertRefused(message(), Buffer.from(text), /signature/, text);
    }
  });

  test('is never over bytes that are not UTF-8, of which several would share one', () => {
    for (const bytes of [[0xff], [0xfe], [0xc3], [0xed, 0xa0, 0x80]]) {
      const body = Buffer.from(bytes);
      for (const signed of [body, Buffer.from(body.toString())]) {
        const signature = signatureOf('msg_1', NOW_S, signed);
        const headers = message({ 'webhook-signature': signature });
        assertRefused(headers, body, /not UTF-8/, String(bytes));
      }
    }
  });

  test('is good for five minutes, before and after', () => {
    for (const time of [NOW_S - 300, NOW_S + 300]) {
      assert.equal(verify(message({}, 'msg_1', time), BODY), 'msg_1');
    }
    for (const time of [NOW_S - 301, NOW_S + 301, 0, NOW_S * 1_000]) {
      assertRefused(message({}, 'msg_1', time), BODY, /timestamp/, String(time));
    }
  });

  test('is not even looked at if the time or the id has not the right form', () => {
    for (const time of [
      '',
      'now',
      ` ${NOW_S}`,
      `${NOW_S}.5`,
      `+${NOW_S}`,
      `0${NOW_S}`,
      '0x6b49d200',
      '1e9',
    ]) {
      assertRefused(message({}, 'msg_1', time), BODY, /webhook-timestamp/, time);
    }
    assertRefused(message({ 'webhook-timestamp': undefined }), BODY, /webhook-timestamp/, 'none');
    for (const id of ['', 'a b', 'a\tb', 'é', 'x'.repeat(129), '.', 'msg.1', 'msg_1.']) {
      assertRefused(message({}, id), BODY, /webhook-id/, id);
    }
    assertRefused(message({ 'webhook-id': undefined }), BODY, /webhook-id/, 'none');
  });

  test('can not be replayed with a part of the id moved into the time, or of the time into the body', () => {
    const [id, time] = ['msg', NOW_S];
    // Signed for an id with a dot: the same bytes as for a shorter id and a longer body.
    const signature = signatureOf(`${id}.${time}`, time, BODY);
    const moved = Buffer.concat([Buffer.from(`${time}.`), BODY]);
    const headers = message({ 'webhook-signature': signature }, id, time);
    assertRefused(headers, BODY, /signature/, 'without the rest');
    const whole = { ...headers, 'webhook-id': `${id}.${time}` };
    assertRefused(whole, BODY, /webhook-id/, 'no sender may sign such an id');
    // The receiver of the moved bytes finds that they are not JSON.
    assert.equal(verify(headers, moved), id);
    assert.throws(() => JSON.parse(moved.toString()));
  });
});

describe('a purge signed by the stock standardwebhooks client', () => {
  const STOCK_SECRET = `whsec_${Buffer.from('a key of thirty-two random bytes').toString('base64')}`;

  const stockHeaders = (id: string, body: string) => {
    const now = new Date();
    return {
      'webhook-id': id,
      'webhook-timestamp': String(Math.floor(now.getTime() / 1_000)),
      'webhook-signature': new Webhook(STOCK_SECRET).sign(id, now, body),
    };
  };

  it('is accepted by a server that has the same "whsec_" secret', async () => {
    await using world = await startWorld(web, { PURGE_SECRET: STOCK_SECRET });
    const body = JSON.stringify({ tags: ['Order:17'] });
    const purge = async (headers: Record<string, string>) => {
      const url = `${world.adminUrl}/purge`;
      const response = await fetch(url, { method: 'POST', headers, body });
      return [response.status, await response.json()];
    };
    const headers = stockHeaders('msg_1', body);
    assert.deepEqual(await purge(headers), [200, { purged: 1 }]);
    assert.deepEqual(await purge(headers), [200, { purged: 0 }], 'a repetition');
    const dotted = await purge(stockHeaders('msg.1', body));
    assert.equal(dotted[0], 401, 'an id with a dot');
  });

  it('has the signature that our own services send', () => {
    const body = '{"tags":["Order:17"]}';
    const now = new Date();
    const sent = webhookHeaders({
      body,
      secret: STOCK_SECRET,
      id: 'msg_1',
      timestamp: Math.floor(now.getTime() / 1_000),
    });
    assert.equal(sent['webhook-signature'], stockHeaders('msg_1', body)['webhook-signature']);
  });

  it('may have any plain secret as its raw bytes', () => {
    const secret = 'a sécret of UTF-8 text, of 32 bytes or more';
    const stock = new Webhook(Buffer.from(secret), { format: 'raw' });
    const now = new Date();
    const headers = {
      'webhook-id': 'msg_1',
      'webhook-timestamp': String(Math.floor(now.getTime() / 1_000)),
      'webhook-signature': stock.sign('msg_1', now, BODY),
    };
    assert.equal(createWebhookVerifier(secret)(headers, BODY), 'msg_1');
  });

  it('has a secret that is base64 of 24 bytes or more after "whsec_", or the server does not start', () => {
    for (const text of [
      'not base64, but long enough otherwise',
      Buffer.alloc(23).toString('base64'),
      `${Buffer.alloc(32).toString('base64')}=`,
      Buffer.alloc(33, 0xff).toString('base64url'),
    ]) {
      const env = { NODE_ENV: 'development', PURGE_SECRET: `whsec_${text}` };
      assert.throws(() => loadConfig(env, web), /PURGE_SECRET: must be "whsec_"/, text);
    }
    const env = { NODE_ENV: 'development', PURGE_SECRET: STOCK_SECRET };
    assert.equal(loadConfig(env, web).admin.purgeSecret, STOCK_SECRET);
  });
});
