import assert from 'node:assert/strict';
import { hash as digest } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { CAST } from '../../services/support/cast.ts';
import type { BffDefinition } from '../../src/bff.ts';
import { committedOf } from '../support/committed.ts';
import { authorization, type Environment, startEnvironment } from '../support/environment.ts';
import { subscribeOnce } from '../support/subscribe-once.ts';
import { invalidTokens } from './invalid-tokens.ts';
import { EXAMPLES, SUBSCRIPTION_EXAMPLES } from './operation-examples.ts';

const UUID = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/;
/** Parts of no response: an address, a stack, the name of a service or its message. */
const INTERNALS =
  /127\.0\.0\.1|localhost|node_modules|\.ts:|at async|ECONN|got|order service|fault/;

/** Tests what every BFF guarantees, whatever its schema. */
export function contract(bff: BffDefinition) {
  describe(`The ${bff.name} BFF`, () => {
    let environment: Environment;
    before(async () => {
      environment = await startEnvironment(bff);
    });
    after(() => environment[Symbol.asyncDispose]());

    it('is alive and ready', async () => {
      for (const path of ['/healthz', '/readyz']) {
        assert.equal((await fetch(environment.url + path)).status, 200);
      }
    });

    it('returns the request id of the client, or a new one', async () => {
      const given = await environment.send('{ __typename }', {
        headers: { 'x-request-id': 'abc-1' },
      });
      assert.equal(given.headers.get('x-request-id'), 'abc-1');
      for (const headers of [{}, { 'x-request-id': 'no spaces' }]) {
        const made = await environment.send('{ __typename }', { headers });
        assert.match(made.headers.get('x-request-id') ?? '', UUID);
      }
    });

    it('rejects every invalid token with 401, and never continues as anonymous', async () => {
      for (const [description, authorization] of Object.entries(await invalidTokens())) {
        const { status, body, headers } = await environment.send('{ __typename }', {
          headers: { authorization },
        });
        assert.equal(status, 401, description);
        assert.equal(body.data, undefined, description);
        assert.equal(body.errors[0].extensions.code, 'UNAUTHENTICATED', description);
        assert.ok(body.errors[0].extensions.requestId, description);
        assert.match(headers.get('www-authenticate') ?? '', /^Bearer/, description);
      }
    });

    it('verifies tokens with the keys that it has while their issuer is down', async () => {
      await using environment = await startEnvironment(bff);
      await environment.send('{ __typename }', { as: CAST.customer });
      await environment.services.user.close();
      const { status, body } = await environment.send('{ __typename }', { as: CAST.otherCustomer });
      assert.equal(status, 200, JSON.stringify(body));
    });

    it('rejects tokens with 503, not 401, if it has never reached their issuer', async () => {
      await using environment = await startEnvironment(bff);
      await environment.services.user.close();
      const { status, body } = await environment.send('{ __typename }', { as: CAST.customer });
      assert.equal(status, 503);
      assert.equal(body.errors[0].extensions.code, 'UPSTREAM_UNAVAILABLE');
      assert.equal((await environment.send('{ __typename }')).status, 200);
    });

    it('rejects an invalid request with a typed error that says how to correct it', async () => {
      const sha256Hash = '0'.repeat(64);
      const invalid: [request: unknown, status: number, code: string, message: RegExp][] = [
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
          ...(bff.subscriptions
            ? (['GRAPHQL_VALIDATION_FAILED', /Cannot query field "x"/] as const)
            : (['OPERATION_RESOLUTION_FAILURE', /no subscription operations/] as const)),
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
      for (const [request, status, code, message] of invalid) {
        const { body, headers, ...response } = await environment.post(request);
        const description = JSON.stringify(request).slice(0, 200);
        assert.equal(response.status, status, description);
        const [error] = body.errors;
        assert.equal(error.extensions.code, code, description);
        assert.equal(error.extensions.requestId, headers.get('x-request-id'), description);
        assert.match(error.message, message, description);
        assert.doesNotMatch(JSON.stringify(body), INTERNALS, description);
      }
    });

    it('returns errors of the same form for other paths, content types and sizes', async () => {
      const otherPath = await fetch(`${environment.url}/elsewhere`);
      assert.equal(otherPath.status, 404);
      assert.match(JSON.stringify(await otherPath.json()), /"NOT_FOUND".*requestId/);
      const xml = await fetch(environment.endpoint, {
        method: 'POST',
        headers: { 'content-type': 'application/xml' },
        body: '<query/>',
      });
      assert.equal(xml.status, 415);
      assert.match(JSON.stringify(await xml.json()), /"BAD_REQUEST"/);
      const huge = await environment.post({
        query: `{ __typename } #${'x'.repeat(2_000_000)}`,
      });
      assert.equal(huge.status, 413);
      assert.equal(huge.body.errors[0].extensions.code, 'BAD_REQUEST');
    });

    it('executes queries over GET, and rejects mutations there', async () => {
      const get = (query: string) =>
        fetch(`${environment.endpoint}?query=${encodeURIComponent(query)}`, {
          headers: { 'apollo-require-preflight': 'true' },
        });
      assert.equal((await get('{ __typename }')).status, 200);
      const mutation = await get('mutation { __typename }');
      assert.equal(mutation.status, 405);
      assert.match(JSON.stringify(await mutation.json()), /GET requests only support query/);
    });

    it('executes each committed query and mutation by its hash from the first request on', async () => {
      const { requests } = committedOf(bff);
      assert.ok(requests.some(({ name }) => name === bff.example));
      for (const { name, hash } of requests) {
        const example = EXAMPLES[name];
        assert.ok(example, `${name} has no example in test/bff/operation-examples.ts`);
        const { body } = await environment.post(
          {
            variables: await example.variables(environment),
            extensions: { persistedQuery: { version: 1, sha256Hash: hash } },
          },
          await authorization(example.as),
        );
        assert.equal(body.errors, undefined, name);
        for (const value of Object.values(body.data)) assert.notEqual(value, null, name);
      }
    });

    it('sends the events of each committed subscription, by its hash', async () => {
      for (const { name, hash } of committedOf(bff).subscriptions) {
        const example = SUBSCRIPTION_EXAMPLES[name];
        assert.ok(example, `${name} has no example in test/bff/operation-examples.ts`);
        const operation = { extensions: { persistedQuery: { version: 1, sha256Hash: hash } } };
        const event = await example.event(environment);
        const headers = await authorization(example.as);
        const { data, errors } = await subscribeOnce(environment, operation, headers, event);
        assert.equal(errors, undefined, name);
        for (const value of Object.values(data)) assert.notEqual(value, null, name);
      }
    });

    it('registers an ad-hoc document that a client sends with its hash', async () => {
      const query = '{ again: __typename }';
      const sha256Hash = digest('sha256', query);
      const extensions = { persistedQuery: { version: 1, sha256Hash } };
      await environment.post({ query, extensions });
      const { body } = await environment.post({ extensions });
      assert.deepEqual(body.data, { again: 'Query' });
    });
  });
}

/** A document whose fragments spread one another, so that a recursive traversal is as deep. */
const chain = (length: number): string => {
  const next = (n: number) => (n + 1 < length ? `...F${n + 1}` : '__typename');
  const fragments = Array.from({ length }, (_, n) => `fragment F${n} on Query { ${next(n)} }`);
  return `{ ...F0 } ${fragments.join(' ')}`;
};
