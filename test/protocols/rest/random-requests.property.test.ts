/*
 * Random requests to REST endpoints.
 *
 * Property: whatever path, query, headers and body are, the response is the JSON of a result or a
 * problem that has its own status, and never a 5xx.
 * Replay a failure with the seed that fast-check prints.
 */
import assert from 'node:assert/strict';
import { after, before, it } from 'node:test';
import fc from 'fast-check';
import { partner } from '../../../bff-partner/bff.ts';
import { CAST } from '../../../services/support/cast.ts';
import { type Environment, startEnvironment } from '../../support/environment.ts';
import { rest } from './rest-client.ts';

const RUNS = 300;

const texts = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 20 }),
  fc.constantFrom(
    '',
    '0',
    '-1',
    '1e400',
    'true',
    'null',
    '__proto__',
    'PLACED',
    '../1',
    '42',
    '%00',
  ),
);
const names = fc.oneof(
  fc.constantFrom('first', 'after', 'status', 'id', 'input', '__proto__', 'constructor'),
  texts,
);
const members = fc.constantFrom(
  'currency',
  'items',
  'sku',
  'quantity',
  'idempotencyKey',
  'toString',
);
const bodies = fc.oneof(
  fc.jsonValue(),
  fc.dictionary(fc.oneof(members, texts), fc.jsonValue({ maxDepth: 3 })),
  fc.record({
    currency: texts,
    items: fc.array(fc.record({ sku: texts, quantity: fc.oneof(fc.double(), texts) })),
  }),
);
const requests = fc.record({
  line: fc.constantFrom(
    'GET /v1/me',
    'GET /v1/orders',
    'GET /v1/orders/{id}',
    'GET /v1/recent-orders',
    'POST /v1/orders',
    'POST /v1/orders/{id}/cancel',
  ),
  id: texts,
  query: fc.array(fc.tuple(names, texts), { maxLength: 4 }),
  key: fc.option(fc.string({ maxLength: 10 }), { nil: undefined }),
  body: bodies,
  as: fc.constantFrom(CAST.customer, 'staff', 'anonymous'),
});

let environment: Environment;
before(async () => {
  environment = await startEnvironment(partner);
});
after(() => environment[Symbol.asyncDispose]());

it('Random REST requests get a result or a problem with its own status, and no 5xx', async () => {
  const property = fc.asyncProperty(requests, async ({ line, id, query, key, body, as }) => {
    const path = line.replace('{id}', encodeURIComponent(id.toWellFormed()));
    const search = new URLSearchParams(query.map(([name, value]) => [name, value]));
    const response = await rest(environment, query.length > 0 ? `${path}?${search}` : path, {
      as,
      ...(line.startsWith('POST') && { body: JSON.stringify(body) }),
      ...(key !== undefined && { headers: { 'idempotency-key': encodeURIComponent(key) } }),
    });
    const type = response.headers.get('content-type') ?? '';
    const text = `${line} ${response.status} ${response.text}`;
    assert.ok(response.status === 200 || (response.status >= 400 && response.status < 500), text);
    if (response.status === 200) assert.match(type, /^application\/json/, text);
    // A path without an id is another one.
    else if (response.body.errors?.[0].extensions) assert.equal(response.status, 404, text);
    else {
      assert.match(type, /^application\/problem\+json/, text);
      assert.equal(response.body.status, response.status, text);
    }
  });
  await fc.assert(property, { numRuns: RUNS });
});
