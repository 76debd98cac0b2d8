import assert from 'node:assert/strict';
import { hash as digest } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { CAST } from '../../services/support/cast.ts';
import type { BffDefinition } from '../../src/bff.ts';
import { loadCommittedOperations } from '../../src/operations/index.ts';
import { buildSchema } from '../../src/server/build-schema.ts';
import { authorization, type Environment, startEnvironment } from '../support/environment.ts';
import { brokenTokens } from './invalid-tokens.ts';

const UUID = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/;
/** What no answer may ever hold: an address, a stack, a service's name or its words. */
const SECRETS = /127\.0\.0\.1|localhost|node_modules|\.ts:|at async|ECONN|got|order service|fault/;

/** Variables with which each committed operation succeeds for user 42. */
export type Examples = Readonly<
  Record<string, (environment: Environment) => object | Promise<object>>
>;

/** What every BFF promises, whatever its schema. */
export function contract(bff: BffDefinition, examples: Examples) {
  describe(`${bff.name}: the contract of every BFF`, () => {
    let environment: Environment;
    before(async () => {
      environment = await startEnvironment(bff);
    });
    after(() => environment[Symbol.asyncDispose]());

    it('says that it is alive and ready', async () => {
      for (const path of ['/healthz', '/readyz']) {
        assert.equal((await fetch(environment.url + path)).status, 200);
      }
    });

    it('takes a request id from the client, or makes one', async () => {
      const given = await environment.send('{ __typename }', {
        headers: { 'x-request-id': 'abc-1' },
      });
      assert.equal(given.headers.get('x-request-id'), 'abc-1');
      for (const headers of [{}, { 'x-request-id': 'no spaces' }]) {
        const made = await environment.send('{ __typename }', { headers });
        assert.match(made.headers.get('x-request-id') ?? '', UUID);
      }
    });

    it('refuses every token that is not valid, and never takes it for anonymous', async () => {
      for (const [what, authorization] of Object.entries(await brokenTokens())) {
        const { status, body, headers } = await environment.send('{ __typename }', {
          headers: { authorization },
        });
        assert.equal(status, 401, what);
        assert.equal(body.data, undefined, what);
        assert.equal(body.errors[0].extensions.code, 'UNAUTHENTICATED', what);
        assert.ok(body.errors[0].extensions.requestId, what);
        assert.match(headers.get('www-authenticate') ?? '', /^Bearer/, what);
      }
    });

    it('answers a typed 4xx to what is no GraphQL request, and says how to mend it', async () => {
      const sha256Hash = '0'.repeat(64);
      const wrong: [what: unknown, status: number, code: string, message: RegExp][] = [
        ['{"query":', 400, 'BAD_REQUEST', /not valid JSON/],
        ['{"__proto__":{"x":1}}', 400, 'BAD_REQUEST', /prototype|not valid JSON/],
        [{}, 400, 'BAD_REQUEST', /POST body missing/],
        [{ query: 1 }, 400, 'BAD_REQUEST', /must be strings/],
        [{ query: '{ __typename' }, 400, 'GRAPHQL_PARSE_FAILED', /Expected Name/],
        [
          { query: '{ nothing }' },
          400,
          'GRAPHQL_VALIDATION_FAILED',
          /Cannot query field "nothing"/,
        ],
        [
          { query: 'query A { __typename }', operationName: 'B' },
          400,
          'OPERATION_RESOLUTION_FAILURE',
          /Unknown operation named "B"/,
        ],
        [
          { query: 'query ($yes: Boolean!) { __typename @include(if: $yes) }', variables: {} },
          400,
          'BAD_USER_INPUT',
          /Variable "\$yes"/,
        ],
        [
          { query: 'subscription { x }' },
          400,
          'OPERATION_RESOLUTION_FAILURE',
          /no subscription operations/,
        ],
        [{ query: chain(5_000) }, 400, 'QUERY_TOO_COMPLEX', /characters/],
        [{ query: `{ a(b: ${'['.repeat(300)}` }, 400, 'GRAPHQL_PARSE_FAILED', /Unexpected <EOF>/],
        [
          { extensions: { persistedQuery: { version: 1, sha256Hash } } },
          200,
          'PERSISTED_QUERY_NOT_FOUND',
          /PersistedQueryNotFound/,
        ],
        [
          { query: '{ __typename }', extensions: { persistedQuery: { version: 1, sha256Hash } } },
          400,
          'BAD_REQUEST',
          /sha does not match/,
        ],
      ];
      for (const [sent, status, code, message] of wrong) {
        const answer = await environment.post(sent);
        const what = JSON.stringify(sent).slice(0, 200);
        assert.equal(answer.status, status, what);
        assert.equal(answer.body.errors[0].extensions.code, code, what);
        assert.equal(
          answer.body.errors[0].extensions.requestId,
          answer.headers.get('x-request-id'),
          what,
        );
        assert.match(answer.body.errors[0].message, message, what);
        assert.doesNotMatch(JSON.stringify(answer.body), SECRETS, what);
      }
    });

    it('answers in the same form for other addresses, types and methods', async () => {
      const elsewhere = await fetch(`${environment.url}/graphiql`);
      assert.equal(elsewhere.status, 404);
      assert.match(JSON.stringify(await elsewhere.json()), /"NOT_FOUND".*requestId/);
      const xml = await fetch(environment.endpoint, {
        method: 'POST',
        headers: { 'content-type': 'application/xml' },
        body: '<query/>',
      });
      assert.equal(xml.status, 415);
      assert.match(JSON.stringify(await xml.json()), /"BAD_REQUEST"/);
      const huge = await environment.post({
        query: `{ announcements { id } } #${'x'.repeat(2_000_000)}`,
      });
      assert.equal(huge.status, 413);
      assert.equal(huge.body.errors[0].extensions.code, 'BAD_REQUEST');
    });

    it('answers queries over GET, and refuses mutations there', async () => {
      const get = (query: string) =>
        fetch(`${environment.endpoint}?query=${encodeURIComponent(query)}`, {
          headers: { 'apollo-require-preflight': 'true' },
        });
      assert.equal((await get('{ __typename }')).status, 200);
      const mutation = await get('mutation { __typename }');
      assert.equal(mutation.status, 405);
      assert.match(JSON.stringify(await mutation.json()), /GET requests only support query/);
    });

    it('knows its committed operations by their hash from the first request on', async () => {
      const committed = loadCommittedOperations(bff.operations, buildSchema(bff));
      assert.deepEqual(
        committed.map(({ name }) => name),
        Object.keys(examples).sort(),
        'every committed operation has an example here',
      );
      assert.ok(committed.some(({ name }) => name === bff.example));
      for (const { name, hash } of committed) {
        const staffOnly = name === 'RecentOrders' || name === 'Customers';
        const answer = await environment.post(
          {
            variables: await examples[name]?.(environment),
            extensions: { persistedQuery: { version: 1, sha256Hash: hash } },
          },
          await authorization(staffOnly ? 'staff' : CAST.customer),
        );
        assert.equal(answer.body.errors, undefined, name);
        for (const value of Object.values(answer.body.data)) assert.notEqual(value, null, name);
      }
    });

    it('remembers an ad-hoc document that came with its hash', async () => {
      const query = '{ again: __typename }';
      const sha256Hash = digest('sha256', query);
      const extensions = { persistedQuery: { version: 1, sha256Hash } };
      await environment.post({ query, extensions });
      const { body } = await environment.post({ extensions });
      assert.deepEqual(body.data, { again: 'Query' });
    });
  });
}

/** Fragments that spread one another, which parsing and execution follow to the end. */
const chain = (length: number): string => {
  const next = (n: number) => (n + 1 < length ? `...F${n + 1}` : '__typename');
  const fragments = Array.from({ length }, (_, n) => `fragment F${n} on Query { ${next(n)} }`);
  return `{ ...F0 } ${fragments.join(' ')}`;
};
