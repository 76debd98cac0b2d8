import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import { encoded, validClaims } from '../auth/issuer.ts';
import { type LibraryEnvironment, startLibrary } from '../support/fixture/environment.ts';
import { PRODUCTION } from '../support/production.ts';

const MISSPELT: Readonly<Record<string, string>> = {
  'a field': '{ membr(id: "42") { id } }',
  'a nested field': '{ member(id: "42") { nam } }',
  'an argument': '{ member(idd: "42") { id } }',
  'a mutation': 'mutation { renameMembr(name: "N") { userErrors { code } } }',
  'a type': '{ member(id: "42") { ... on Membr { id } } }',
  'an enum value': '{ viewer { loans(status: ACTIV) { edges { cursor } } } }',
  'a field of an input':
    'mutation { borrow(input: { idempotencyKey: "k", titel: "T" }) { loan { id } } }',
  'a directive': '{ member(id: "42") @skp(if: true) { id } }',
};

const LOANS = 'query ($v: LoanStatus) { viewer { loans(status: $v) { edges { cursor } } } }';
const BORROW = 'mutation ($v: BorrowInput!) { borrow(input: $v) { loan { id } } }';
const STACK = /stack|\bat .+:\d+|\.[tj]s\b|node_modules|127\.0\.0\.1|localhost/i;

describe('A BFF in development', () => {
  it('answers introspection, and has hints for misspelt names', async () => {
    await using environment = await startLibrary();
    const { body } = await environment.send('{ __type(name: "Member") { name } }');
    assert.deepEqual(body, { data: { __type: { name: 'Member' } } });
    const misspelt = await environment.send('{ vewer { id } }');
    assert.match(misspelt.body.errors[0].message, /Did you mean/);
  });
});

describe('A BFF in production', () => {
  let environment: LibraryEnvironment;
  before(async () => {
    environment = await startLibrary(PRODUCTION);
  });
  beforeEach(() => environment.reset());
  after(() => environment[Symbol.asyncDispose]());

  it('refuses introspection with typed errors', async () => {
    for (const query of [
      '{__schema{types{name}}}',
      '{__type(name:"Member"){name}}',
      'query Q { ...F } fragment F on Query { hidden: __schema { queryType { name } } }',
    ]) {
      const { status, body } = await environment.send(query);
      assert.equal(status, 400, query);
      assert.equal(body.data, undefined);
      for (const { extensions } of body.errors) {
        assert.equal(extensions.code, 'GRAPHQL_VALIDATION_FAILED');
        assert.ok(extensions.requestId);
      }
    }
    const { body } = await environment.send('{ __typename }');
    assert.deepEqual(body, { data: { __typename: 'Query' } });
  });

  for (const [what, query] of Object.entries(MISSPELT)) {
    it(`has no hint for ${what} that a document misspells`, async () => {
      const { status, body } = await environment.send(query);
      assert.equal(status, 400);
      assert.equal(body.errors[0].extensions.code, 'GRAPHQL_VALIDATION_FAILED');
      assert.equal(body.errors[0].message, 'The document is not valid for this API.');
      assert.doesNotMatch(JSON.stringify(body), /did you mean/i);
    });
  }

  it('has no hint for what variables misspell', async () => {
    for (const [query, v] of [
      [LOANS, 'ACTIV'],
      [BORROW, { idempotencyKey: 'k', titel: 'T' }],
    ] as const) {
      const { body } = await environment.send(query, { variables: { v } });
      assert.equal(body.errors[0].extensions.code, 'BAD_USER_INPUT');
      assert.doesNotMatch(JSON.stringify(body), /did you mean/i);
    }
  });

  it('has the location of a syntax error, and none of a validation error', async () => {
    const [unparsed] = (await environment.send('{ member(')).body.errors;
    assert.equal(unparsed.extensions.code, 'GRAPHQL_PARSE_FAILED');
    assert.deepEqual(unparsed.locations, [{ line: 1, column: 10 }]);
    const [invalid] = (await environment.send('{ membr(id: "42") { id } }')).body.errors;
    assert.equal(invalid.extensions.code, 'GRAPHQL_VALIDATION_FAILED');
    assert.equal(invalid.locations, undefined);
  });

  for (const fault of [{ status: 500 }, { malformed: 'json' }, { malformed: 'shape' }] as const) {
    it(`reveals no stack and no host when a service fails: ${JSON.stringify(fault)}`, async () => {
      environment.services.member.control.faults({ '*': fault });
      const { body } = await environment.send('{ member(id: "42") { id } }');
      assert.equal(body.errors[0].extensions.code, 'UPSTREAM_UNAVAILABLE');
      assert.doesNotMatch(JSON.stringify(body), STACK);
    });
  }

  it('reveals no stack and no host when the token issuer is unreachable', async () => {
    const claims = { ...validClaims(), iss: PRODUCTION.JWT_ISSUER };
    const token = `${encoded({ alg: 'ES256', kid: 'a' })}.${encoded(claims)}.${'a'.repeat(86)}`;
    const headers = { authorization: `Bearer ${token}` };
    const { status, body } = await environment.send('{ viewer { id } }', { headers });
    assert.equal(status, 503);
    assert.equal(body.errors[0].extensions.code, 'UPSTREAM_UNAVAILABLE');
    assert.doesNotMatch(JSON.stringify(body), STACK);
  });

  it('reveals no stack for a body that is not JSON', async () => {
    const { status, body } = await environment.post('{"query":');
    assert.equal(status, 400);
    assert.equal(body.errors[0].extensions.code, 'BAD_REQUEST');
    assert.doesNotMatch(JSON.stringify(body), STACK);
  });
});
