import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { after, before, describe, it, mock } from 'node:test';
import { Webhook } from 'standardwebhooks';
import { webhookHeaders } from '../../services/support/webhook.ts';
import { createWebhookVerifier } from '../../src/auth/webhook.ts';
import { loadConfig } from '../../src/config/index.ts';
import { BffError } from '../../src/errors.ts';
import { library } from '../support/fixture/bff.ts';
import { startLibrary } from '../support/fixture/environment.ts';

const SECRET = 'a-secret-that-the-senders-have-too';
const NOW_S = 1_800_000_000;
const BODY = Buffer.from('{"tags":["Loan:17"]}');

const signatureOf = (id: string, time: number | string, body: Buffer, secret = SECRET): string =>
  `v1,${createHmac('sha256', secret).update(`${id}.${time}.`).update(body).digest('base64')}`;

/** The headers of a valid message, with some of them changed. */
const headersFor = (
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

function assertRefused(headers: IncomingHttpHeaders, body: Buffer, message: RegExp, what: string) {
  assert.throws(
    () => verify(headers, body),
    (error) => {
      assert.ok(error instanceof BffError, what);
      assert.equal(error.code, 'UNAUTHENTICATED', what);
      assert.match(error.message, message, what);
      assert.doesNotMatch(error.message, new RegExp(SECRET), what);
      return true;
    },
  );
}

describe('The webhook verifier', () => {
  before(() => mock.timers.enable({ apis: ['Date'], now: NOW_S * 1_000 }));
  after(() => mock.timers.reset());

  it('accepts the Standard Webhooks signature, with the bytes of the secret as the key', () => {
    const headers = {
      'webhook-id': 'msg_p5jXN8AQM9LWM0D4loKWxJek',
      'webhook-timestamp': String(NOW_S),
      'webhook-signature': 'v1,A0piixjE7NE4K4cHDJo9H4xBvuOi77894wNzRfJl36k=',
    };
    const body = Buffer.from('{"test": 2432232314}');
    assert.equal(verify(headers, body), headers['webhook-id']);
  });

  it('accepts a signed message and returns its id', () => {
    assert.equal(verify(headersFor(), BODY), 'msg_1');
    const longest = '~'.repeat(128);
    assert.equal(verify(headersFor({}, longest), BODY), longest);
    const empty = Buffer.alloc(0);
    assert.equal(
      verify({ ...headersFor(), 'webhook-signature': signatureOf('msg_1', NOW_S, empty) }, empty),
      'msg_1',
    );
  });

  it('accepts one of several signatures, for secret rotation', () => {
    const good = signatureOf('msg_1', NOW_S, BODY);
    const old = signatureOf('msg_1', NOW_S, BODY, 'the previous secret, of thirty-two bytes');
    for (const signatures of [`${old} ${good}`, `${good} ${old}`, `v1a,abc v2,${old} ${good}`]) {
      assert.equal(verify(headersFor({ 'webhook-signature': signatures }), BODY), 'msg_1');
    }
    assertRefused(headersFor({ 'webhook-signature': `${old} ${old}` }), BODY, /signature/, 'old');
  });

  it('refuses a signature that is missing, malformed or made with another secret', () => {
    const good = signatureOf('msg_1', NOW_S, BODY);
    const [, text = ''] = good.split(',');
    const wrong: Record<string, string | undefined> = {
      missing: undefined,
      empty: '',
      'the word undefined': 'undefined',
      'without a version': text,
      'of another version': `v2,${text}`,
      'of an asymmetric version': `v1a,${text}`,
      'of a version in capitals': `V1,${text}`,
      'an empty signature': 'v1,',
      'a version alone': 'v1',
      'cut short': good.slice(0, -4),
      'made longer': `v1,AAAA${text}`,
      'of zero bytes': `v1,${Buffer.alloc(32).toString('base64')}`,
      'in hex': `v1,${Buffer.from(text, 'base64').toString('hex')}`,
      'with its letters in another case': `v1,${text.toLowerCase()}`,
      'of another secret': signatureOf('msg_1', NOW_S, BODY, 'another'),
      'of another id': signatureOf('msg_2', NOW_S, BODY),
      'of another time': signatureOf('msg_1', NOW_S + 1, BODY),
      'of the body alone': `v1,${createHmac('sha256', SECRET).update(BODY).digest('base64')}`,
    };
    for (const [what, signature] of Object.entries(wrong)) {
      const headers = headersFor({ 'webhook-signature': signature });
      assertRefused(headers, BODY, /signature/, what);
    }
  });

  it('verifies the bytes: white space, order and line endings count', () => {
    for (const text of [
      '{"tags": ["Loan:17"]}',
      '{"tags":["Loan:17"]}\n',
      ' {"tags":["Loan:17"]}',
      '{"tags":["Loan:18"]}',
      '',
    ]) {
      assertRefused(headersFor(), Buffer.from(text), /signature/, text);
    }
  });

  it('refuses bodies that are not UTF-8, several of which would share a signature', () => {
    for (const bytes of [[0xff], [0xfe], [0xc3], [0xed, 0xa0, 0x80]]) {
      const body = Buffer.from(bytes);
      for (const signed of [body, Buffer.from(body.toString())]) {
        const signature = signatureOf('msg_1', NOW_S, signed);
        const headers = headersFor({ 'webhook-signature': signature });
        assertRefused(headers, body, /not UTF-8/, String(bytes));
      }
    }
  });

  it('accepts timestamps within five minutes, before and after', () => {
    for (const time of [NOW_S - 300, NOW_S + 300]) {
      assert.equal(verify(headersFor({}, 'msg_1', time), BODY), 'msg_1');
    }
    for (const time of [NOW_S - 301, NOW_S + 301, 0, NOW_S * 1_000]) {
      assertRefused(headersFor({}, 'msg_1', time), BODY, /timestamp/, String(time));
    }
  });

  it('refuses malformed timestamps and ids before verifying the signature', () => {
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
      assertRefused(headersFor({}, 'msg_1', time), BODY, /webhook-timestamp/, time);
    }
    assertRefused(
      headersFor({ 'webhook-timestamp': undefined }),
      BODY,
      /webhook-timestamp/,
      'none',
    );
    for (const id of ['', 'a b', 'a\tb', 'é', 'x'.repeat(129), '.', 'msg.1', 'msg_1.']) {
      assertRefused(headersFor({}, id), BODY, /webhook-id/, id);
    }
    assertRefused(headersFor({ 'webhook-id': undefined }), BODY, /webhook-id/, 'none');
  });

  it('refuses replays with a part of the id moved into the timestamp, or of that into the body', () => {
    const [id, time] = ['msg', NOW_S];
    // Signed for an id with a dot: the same bytes as a shorter id with a longer body.
    const signature = signatureOf(`${id}.${time}`, time, BODY);
    const moved = Buffer.concat([Buffer.from(`${time}.`), BODY]);
    const headers = headersFor({ 'webhook-signature': signature }, id, time);
    assertRefused(headers, BODY, /signature/, 'with the shorter id and the original body');
    const whole = { ...headers, 'webhook-id': `${id}.${time}` };
    assertRefused(whole, BODY, /webhook-id/, 'an id with a dot is refused');
    // The moved bytes verify, but are not JSON, so the admin listener refuses them.
    assert.equal(verify(headers, moved), id);
    assert.throws(() => JSON.parse(moved.toString()));
  });
});

describe('A purge signed by the stock standardwebhooks client', () => {
  const STOCK_SECRET = `whsec_${Buffer.from('a key of thirty-two random bytes').toString('base64')}`;

  const stockHeaders = (id: string, body: string) => {
    const now = new Date();
    return {
      'webhook-id': id,
      'webhook-timestamp': String(Math.floor(now.getTime() / 1_000)),
      'webhook-signature': new Webhook(STOCK_SECRET).sign(id, now, body),
    };
  };

  it('is accepted by a server with the same "whsec_" secret, once and with an id without a dot', async () => {
    await using environment = await startLibrary({ PURGE_SECRET: STOCK_SECRET });
    const body = JSON.stringify({ tags: ['Loan:17'] });
    const purge = async (headers: Record<string, string>) => {
      const url = `${environment.adminUrl}/purge`;
      const response = await fetch(url, { method: 'POST', headers, body });
      return [response.status, await response.json()];
    };
    const headers = stockHeaders('msg_1', body);
    assert.deepEqual(await purge(headers), [200, { purged: 1 }]);
    assert.deepEqual(await purge(headers), [200, { purged: 0 }], 'a repetition');
    const dotted = await purge(stockHeaders('msg.1', body));
    assert.equal(dotted[0], 401, 'an id with a dot');
  });

  it('has the same signature as a purge of the stand-in services', () => {
    const body = '{"tags":["Loan:17"]}';
    const now = new Date();
    const sent = webhookHeaders({
      body,
      secret: STOCK_SECRET,
      id: 'msg_1',
      timestamp: Math.floor(now.getTime() / 1_000),
    });
    assert.equal(sent['webhook-signature'], stockHeaders('msg_1', body)['webhook-signature']);
  });

  it('is accepted with the raw bytes of a plain secret', () => {
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

  it('requires a secret of at least 24 bytes in base64 after "whsec_", checked at startup', () => {
    for (const text of [
      'not base64, but long enough otherwise',
      Buffer.alloc(23).toString('base64'),
      `${Buffer.alloc(32).toString('base64')}=`,
      Buffer.alloc(33, 0xff).toString('base64url'),
    ]) {
      const env = { NODE_ENV: 'development', PURGE_SECRET: `whsec_${text}` };
      assert.throws(() => loadConfig(env, library), /PURGE_SECRET: must be "whsec_"/, text);
    }
    const env = { NODE_ENV: 'development', PURGE_SECRET: STOCK_SECRET };
    assert.equal(loadConfig(env, library).admin.purgeSecret, STOCK_SECRET);
  });
});
