import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import { CAST } from '../../services/support/cast.ts';
import { loadCommittedOperations } from '../../src/operations/index.ts';
import { buildSchema } from '../../src/server/build-schema.ts';
import { authorization, type Environment, startEnvironment } from '../support/environment.ts';
import { PRODUCTION } from '../support/production.ts';
import { BFFS } from './bffs.ts';
import { type HttpResponse, jsonPost, send } from './http-client.ts';
import { assertRejection, codesOf } from './responses.ts';
import { type GraphqlRequest, hashOnly, urlOf, withHash } from './transports.ts';

const TRUSTED = { OPERATIONS: 'trusted', BATCH_MOST: '10' };
const AD_HOC = { query: '{ __typename }' };
/** Asks for nothing that is anybody's, so that it can be executed by everyone. */
const QUERY_NAMES = ['PublicProfile', 'OrderDetail'];

for (const bff of BFFS) {
  describe(`${bff.name}: operations that nobody committed`, () => {
    const committed = loadCommittedOperations(bff.operations, buildSchema(bff));
    const known = committed.find(({ name }) => QUERY_NAMES.includes(name));
    assert.ok(known, 'there is an operation to try');
    const { name, hash, source } = known;
    const variables = { id: '42' };
    let environment: Environment;
    let headers: Record<string, string>;
    before(async () => {
      environment = await startEnvironment(bff, TRUSTED);
      headers = await authorization(CAST.customer);
    });
    after(() => environment[Symbol.asyncDispose]());

    const post = (asked: unknown): Promise<HttpResponse> =>
      send(jsonPost(environment.endpoint, asked, headers));
    const get = (asked: GraphqlRequest): Promise<HttpResponse> =>
      send({ url: urlOf(environment.endpoint, asked), headers });

    it('are refused on every way, and cost nothing', async () => {
      const spaced = { query: `${source} `, variables };
      const tries: [what: string, received: HttpResponse][] = [
        ['a text', await post(AD_HOC)],
        ['a text over GET', await get(AD_HOC)],
        ['a text with its hash', await post(withHash(AD_HOC))],
        ['its hash alone', await post(hashOnly(AD_HOC))],
        ['its hash alone over GET', await get(hashOnly(AD_HOC))],
        ['an array', await post([AD_HOC])],
        [
          'an array with one that is known',
          await post([{ ...hashOnly({ query: source }), variables }, AD_HOC]),
        ],
        ['a committed text with a space more', await post(spaced)],
        [
          'a committed text that has an addition',
          await post({ query: `${source} ${AD_HOC.query}`, operationName: name, variables }),
        ],
        [
          'a committed hash with another text',
          await post({ ...withHash({ query: source }), query: AD_HOC.query }),
        ],
        ['an id that is none', await post({ documentId: 'f'.repeat(64) })],
        ['an id that is none, as doc_id', await post({ doc_id: 'f'.repeat(64) })],
        [
          'an id that is none over GET',
          await get({ documentId: 'f'.repeat(64) } as GraphqlRequest),
        ],
        [
          'an id with another text',
          await post({ documentId: `sha256:${hash}`, query: AD_HOC.query }),
        ],
        ['an id from the prototype', await post({ documentId: '__proto__' })],
        ['a file name as id', await post({ documentId: `../${bff.name}/operations/${name}` })],
        ['introspection', await post({ query: '{ __schema { types { name } } }' })],
        ['what can not even be read', await post({ query: '{{{' })],
        ['what is too much', await post({ query: `{ ${'a '.repeat(50_000)} }` })],
      ];
      for (const [what, received] of tries) {
        assertRejection(received, what);
        const [code] = codesOf(received);
        // What contradicts itself may be told so instead.
        const isTold = /another text/.test(what) && code === 'BAD_REQUEST';
        if (!isTold) assert.equal(code, 'OPERATION_NOT_TRUSTED', `${what}: ${received.text}`);
      }
      assert.deepEqual(environment.calls(), []);
    });

    it('are not leaksOf by trying again', async () => {
      for (let n = 0; n < 3; n++) {
        await post(withHash(AD_HOC));
        const received = await post(hashOnly(AD_HOC));
        assertRejection(received, 'by hash');
        assert.doesNotMatch(received.text, /__typename|"data"/);
      }
    });

    it('are told from committed ones, which are answered on every way', async () => {
      const hashed = { ...hashOnly({ query: source }), variables };
      const answers: [what: string, received: HttpResponse][] = [
        ['the hash', await post(hashed)],
        ['the hash over GET', await get(hashed)],
        ['the id', await post({ documentId: `sha256:${hash}`, variables })],
        [
          'the id over GET',
          await get({ documentId: `sha256:${hash}`, variables } as GraphqlRequest),
        ],
        ['the exact text', await post({ query: source, variables })],
        ['the exact text over GET', await get({ query: source, variables })],
        ['the text with its hash', await post({ ...withHash({ query: source }), variables })],
        ['an array', await post([hashed, hashed])],
      ];
      for (const [what, { status, text }] of answers) {
        assert.equal(status, 200, `${what}: ${text}`);
        assert.match(text, /"data":\{/, what);
      }
    });

    it('are refused without being asked for, in production, where a BFF says so', async () => {
      await using production = await startEnvironment(bff, { ...PRODUCTION, OPERATIONS: '' });
      const { status, text } = await send(jsonPost(production.endpoint, AD_HOC));
      const isRefused = status >= 400 && status < 500 && text.includes('OPERATION_NOT_TRUSTED');
      assert.equal(isRefused, bff.trustedOnly, `${status} ${text}`);
    });

    it('have the same source as their files', () => {
      const file = readFileSync(new URL(`${name}.graphql`, bff.operations), 'utf8');
      assert.equal(file, source);
    });
  });
}
