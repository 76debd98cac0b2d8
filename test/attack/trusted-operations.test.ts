import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import { authorization, type Environment, startEnvironment } from '../support/environment.ts';
import { PRODUCTION } from '../support/production.ts';
import { BFFS, USER_ID } from './bffs.ts';
import { committedQueryOf } from './committed-query.ts';
import { type HttpResponse, jsonPost, send } from './http-client.ts';
import { assertRejection, codesOf } from './responses.ts';
import { type GraphqlRequest, hashOnly, urlOf, withHash } from './transports.ts';

const TRUSTED = { OPERATIONS: 'trusted', BATCH_MAX_OPERATIONS: '10' };
const AD_HOC = { query: '{ __typename }' };

for (const bff of BFFS) {
  describe(`The ${bff.name} BFF with trusted operations only`, () => {
    const { name, hash, source, variables } = committedQueryOf(bff);
    let environment: Environment;
    let headers: Record<string, string>;
    before(async () => {
      environment = await startEnvironment(bff, TRUSTED);
      headers = await authorization(USER_ID);
    });
    after(() => environment[Symbol.asyncDispose]());

    const post = (request: unknown): Promise<HttpResponse> =>
      send(jsonPost(environment.endpoint, request, headers));
    const get = (request: GraphqlRequest): Promise<HttpResponse> =>
      send({ url: urlOf(environment.endpoint, request), headers });

    it('rejects every other operation, over every transport, without calls of the services', async () => {
      const { query } = AD_HOC;
      const responses: Record<string, HttpResponse> = {
        'a text': await post(AD_HOC),
        'a text over GET': await get(AD_HOC),
        'a text with its hash': await post(withHash(AD_HOC)),
        'a hash': await post(hashOnly(AD_HOC)),
        'a hash over GET': await get(hashOnly(AD_HOC)),
        'an array': await post([AD_HOC]),
        'an array with a committed operation': await post([
          { ...hashOnly({ query: source }), variables },
          AD_HOC,
        ]),
        'a committed text with a space': await post({ query: `${source} `, variables }),
        'a committed text with another operation': await post({
          query: `${source} ${query}`,
          operationName: name,
          variables,
        }),
        'an unknown id': await post({ documentId: 'f'.repeat(64) }),
        'an unknown id as doc_id': await post({ doc_id: 'f'.repeat(64) }),
        'an unknown id over GET': await get({ documentId: 'f'.repeat(64) } as GraphqlRequest),
        '__proto__ as id': await post({ documentId: '__proto__' }),
        'a file name as id': await post({ documentId: `../${bff.name}/operations/${name}` }),
        introspection: await post({ query: '{ __schema { types { name } } }' }),
        'a syntax error': await post({ query: '{{{' }),
        'a document over the limits': await post({ query: `{ ${'a '.repeat(50_000)} }` }),
      };
      for (const [what, response] of Object.entries(responses)) {
        assertRejection(response, what);
        const [code] = codesOf(response);
        assert.equal(code, 'OPERATION_NOT_TRUSTED', `${what}: ${response.text}`);
      }
      assert.deepEqual(environment.calls(), []);
    });

    it('rejects a committed hash or id with another text', async () => {
      const { query } = AD_HOC;
      for (const request of [
        { ...withHash({ query: source }), query },
        { documentId: `sha256:${hash}`, query },
      ]) {
        const response = await post(request);
        assertRejection(response, JSON.stringify(request));
        const [code = ''] = codesOf(response);
        assert.ok(['OPERATION_NOT_TRUSTED', 'BAD_REQUEST'].includes(code), response.text);
      }
      assert.deepEqual(environment.calls(), []);
    });

    it('registers no text', async () => {
      for (let n = 0; n < 3; n++) {
        await post(withHash(AD_HOC));
        const response = await post(hashOnly(AD_HOC));
        assertRejection(response, 'by hash');
        assert.doesNotMatch(response.text, /__typename|"data"/);
      }
    });

    it('executes committed operations by text, hash and id, over every transport', async () => {
      const hashed = { ...hashOnly({ query: source }), variables };
      const byId = { documentId: `sha256:${hash}`, variables };
      const responses: Record<string, HttpResponse> = {
        'the hash': await post(hashed),
        'the hash over GET': await get(hashed),
        'the id': await post(byId),
        'the id over GET': await get(byId as GraphqlRequest),
        'the exact text': await post({ query: source, variables }),
        'the exact text over GET': await get({ query: source, variables }),
        'the text with its hash': await post({ ...withHash({ query: source }), variables }),
        'an array': await post([hashed, hashed]),
      };
      for (const [what, { status, text }] of Object.entries(responses)) {
        assert.equal(status, 200, `${what}: ${text}`);
        assert.match(text, /"data":\{/, what);
      }
    });

    it('has the source of committed operations from their files, without the directives of protocols', () => {
      const file = readFileSync(new URL(`${name}.graphql`, bff.operations), 'utf8');
      assert.equal(file.replace(/ @(rest|tool)(\([^)]*\))?(?=.*\{$)/gm, ''), source);
    });
  });

  describe(`The ${bff.name} BFF in production`, () => {
    it(`${bff.trustedOnly ? 'accepts trusted operations only' : 'accepts any operation'} by default`, async () => {
      await using environment = await startEnvironment(bff, { ...PRODUCTION, OPERATIONS: '' });
      const { status, text } = await send(jsonPost(environment.endpoint, AD_HOC));
      const isRejected = status >= 400 && status < 500 && text.includes('OPERATION_NOT_TRUSTED');
      assert.equal(isRejected, bff.trustedOnly, `${status} ${text}`);
    });
  });
}
