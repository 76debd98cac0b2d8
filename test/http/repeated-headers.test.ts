import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { json } from 'node:stream/consumers';
import { after, before, describe, it } from 'node:test';
import { authorization, type Json } from '../support/environment.ts';
import { CAST } from '../support/fixture/cast.ts';
import { type LibraryEnvironment, startLibrary } from '../support/fixture/environment.ts';

describe('A request with a repeated credential header', () => {
  let environment: LibraryEnvironment;
  let first: string;
  let second: string;
  before(async () => {
    environment = await startLibrary();
    first = (await authorization(CAST.reader)).authorization ?? '';
    second = (await authorization('staff')).authorization ?? '';
  });
  after(() => environment[Symbol.asyncDispose]());

  /** @param headers - an array is sent as several lines */
  async function post(path: string, headers: Record<string, string | string[]>) {
    const outgoing = request(environment.url + path, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-csrf-protection': '1', ...headers },
    }).end('{"query":"{ viewer { id } }"}');
    const [response]: IncomingMessage[] = await once(outgoing, 'response');
    assert.ok(response);
    return {
      status: response.statusCode,
      headers: response.headers,
      body: (await json(response)) as Json,
    };
  }

  for (const path of ['/graphql', '/auth/logout']) {
    it(`is refused at ${path}, whichever of the Authorization headers is valid`, async () => {
      for (const pair of [
        [first, second],
        [first, first],
        [first, 'Bearer x'],
        ['Bearer x', first],
        [first, ''],
      ]) {
        const { status, headers, body } = await post(path, { authorization: pair });
        assert.equal(status, 401, pair.join());
        assert.equal(body.errors[0].extensions.code, 'UNAUTHENTICATED');
        assert.match(body.errors[0].message, /one Authorization header/);
        assert.equal(body.data, undefined);
        assert.equal(headers['set-cookie'], undefined);
      }
    });
  }

  it('is refused with two X-API-Key headers', async () => {
    const { status, body } = await post('/graphql', { 'X-Api-Key': ['fdk_a_b', 'fdk_a_c'] });
    assert.equal(status, 401);
    assert.match(body.errors[0].message, /one X-API-Key header/);
  });

  it('is answered if the header is not repeated', async () => {
    const { status, body } = await post('/graphql', { Authorization: first });
    assert.equal(status, 200);
    assert.equal(body.data.viewer.id, CAST.reader);
  });
});
