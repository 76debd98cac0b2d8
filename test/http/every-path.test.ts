import assert from 'node:assert/strict';
import { type OutgoingHttpHeaders, request } from 'node:http';
import { after, before, describe, it } from 'node:test';
import { type LibraryEnvironment, startLibrary } from '../support/fixture/environment.ts';
import { BYTES_PER_UNIT, startChargeMeter } from './charge-meter.ts';

const DENIED = '192.0.2.66';
const EXHAUSTED = '192.0.2.67';
const LIMIT = 10_000;
const PATHS = [
  'POST /graphql',
  'PUT /graphql',
  'GET /auth/login',
  'GET /auth/callback',
  'GET /auth/session',
  'POST /auth/logout',
  'POST /auth/backchannel-logout',
  'PUT /auth/session',
  'GET /',
  'POST /',
  'POST /nothing',
  'GET /nothing',
  'POST /%',
  'POST /healthz',
  'HEAD /readyz',
  'PROPFIND /graphql',
  'QUERY /graphql',
  'TRACE /graphql',
  'OPTIONS *',
  'GET http://localhost/healthz',
] as const;
const BODYLESS_METHODS = ['GET', 'HEAD', 'OPTIONS'];
/** The unit and the URL of each refusal, and rounding. */
const SLACK_UNITS = 4;

describe('Every path except GET /healthz and /readyz', () => {
  let environment: LibraryEnvironment;
  before(async () => {
    environment = await startLibrary({
      RATE_LIMIT_ADDRESS: String(LIMIT),
      TRUSTED_PROXIES: '127.0.0.1',
      DENY_ADDRESSES: DENIED,
    });
    for (let n = 0; n < 8; n++) await send('POST /graphql', EXHAUSTED, '{'.repeat(250_000));
  });
  after(() => environment[Symbol.asyncDispose]());

  /** Sends with node:http, because fetch would change some paths. */
  async function send(line: string, address: string, body = '', extra: OutgoingHttpHeaders = {}) {
    const [method = '', path] = line.split(' ');
    const hasBody = body !== '' && !BODYLESS_METHODS.includes(method);
    const headers = {
      'content-type': 'application/json',
      'x-forwarded-for': address,
      ...(hasBody && { 'content-length': body.length }),
      ...extra,
    };
    const { hostname, port } = new URL(environment.url);
    const sent = request({ hostname, port, method, path, headers });
    return new Promise<{ status: number | undefined; text: string }>((resolve, reject) => {
      sent.on('error', reject).on('response', (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (data: string) => {
          text += data;
        });
        response.on('end', () => resolve({ status: response.statusCode, text }));
      });
      sent.end(hasBody ? body : undefined);
    });
  }

  for (const line of PATHS) {
    it(`refuses a denied address: ${line}`, async () => {
      assert.equal((await send(line, DENIED, '{}')).status, 403);
    });

    it(`refuses an exhausted address: ${line}`, async () => {
      assert.equal((await send(line, EXHAUSTED, '{}')).status, 429);
    });
  }

  for (const path of ['/healthz', '/readyz', '/healthz?by=balancer']) {
    it(`is filtered, and GET ${path} is not`, async () => {
      for (const address of [DENIED, EXHAUSTED]) {
        assert.equal((await send(`GET ${path}`, address)).status, 200);
      }
    });
  }

  const BODY = JSON.stringify({ a: 'x'.repeat(100_000 - 8) });
  const BODY_UNITS = BODY.length / BYTES_PER_UNIT;
  for (const [line, status, units] of [
    ['GET /nothing', 404, 1],
    ['POST /nothing', 404, BODY_UNITS],
    ['POST /', 404, BODY_UNITS],
    ['POST /healthz', 404, BODY_UNITS],
    ['POST /%', 400, BODY_UNITS],
    ['PUT /graphql', 405, BODY_UNITS],
  ] as const) {
    it(`charges a refusal: ${line}`, async () => {
      const address = `198.51.100.${PATHS.indexOf(line) + 1}`;
      const meter = await startChargeMeter(environment, address);
      assert.equal((await send(line, address, BODY)).status, status);
      const actual = await meter.waitFor(units);
      assert.ok(actual >= units && actual <= units + SLACK_UNITS, `${actual} of ${units} units`);
    });
  }

  it('refuses and charges an unknown expectation like any request', async () => {
    const expectation = { expect: '200-miracle' };
    const address = '198.51.100.100';
    const meter = await startChargeMeter(environment, address);
    for (const [status, from] of [
      [403, DENIED],
      [429, EXHAUSTED],
      [417, address],
    ] as const) {
      assert.equal((await send('POST /graphql', from, BODY, expectation)).status, status);
    }
    const charged = await meter.waitFor(BODY_UNITS);
    assert.ok(charged >= BODY_UNITS && charged <= BODY_UNITS + SLACK_UNITS, `${charged} units`);
  });

  it('parses no body of a request to an unknown path', async () => {
    const { status, text } = await send('POST /nothing', '192.0.2.1', '{"not JSON');
    assert.equal(status, 404);
    assert.equal(JSON.parse(text).errors[0].extensions.code, 'NOT_FOUND');
  });
});
