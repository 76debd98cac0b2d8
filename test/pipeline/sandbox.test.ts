import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { runInNewContext } from 'node:vm';
import { mobile } from '../../bff-mobile/bff.ts';
import { web } from '../../bff-web/bff.ts';
import { CAST } from '../../services/support/cast.ts';
import type { BffDefinition } from '../../src/bff.ts';
import { authorization, type Environment, startEnvironment } from '../support/environment.ts';
import { PRODUCTION } from '../support/production.ts';

interface SandboxConfig {
  readonly initialEndpoint: string;
  readonly runTelemetry: boolean;
  readonly initialState: {
    readonly document: string;
    readonly headers?: Readonly<Record<string, string>>;
  };
}

const openInBrowser = ({ endpoint }: Environment) =>
  fetch(endpoint, { headers: { accept: 'text/html' } });

/** Runs the page's own script as a browser would, and catches what it hands to Apollo's Sandbox. */
async function sandboxOf(environment: Environment): Promise<SandboxConfig> {
  const response = await openInBrowser(environment);
  assert.equal(response.status, 200);
  assert.match(response.headers.get('content-type') ?? '', /^text\/html/);
  const html = await response.text();
  const inline = /<script nonce="\w+">(.*?)<\/script>/s.exec(html)?.[1];
  assert.ok(inline, 'no inline script');
  const opened: unknown[] = [];
  function EmbeddedSandbox(config: unknown) {
    opened.push(config);
  }
  runInNewContext(inline, {
    window: { location: { href: environment.endpoint }, EmbeddedSandbox },
  });
  assert.equal(opened.length, 1);
  return JSON.parse(JSON.stringify(opened[0]));
}

for (const [bff, example] of [
  [web, 'Home'],
  [mobile, 'Dashboard'],
] as const) {
  const source = () => readFile(new URL(`${example}.graphql`, bff.operations), 'utf8');

  test(`${bff.name}: a browser gets the Sandbox with ${example} and the token, ready to run`, async () => {
    const { authorization: bearer = '' } = await authorization(CAST.customer);
    await using environment = await startEnvironment(bff, {
      SANDBOX_TOKEN: bearer.replace('Bearer ', ''),
    });
    const { initialState, initialEndpoint, runTelemetry } = await sandboxOf(environment);
    assert.equal(initialState.document, await source());
    assert.deepEqual(initialState.headers, { Authorization: bearer });
    assert.equal(initialEndpoint, environment.endpoint);
    assert.equal(runTelemetry, false);

    const { status, body } = await environment.post(
      { query: initialState.document },
      initialState.headers,
    );
    assert.equal(status, 200);
    assert.equal(body.errors, undefined);
  });
}

test('without a token of its own the Sandbox sends none', async () => {
  await using environment = await startEnvironment(web);
  assert.equal((await sandboxOf(environment)).initialState.headers, undefined);
});

test('in development the schema can be asked for, and slips of the pen get a hint', async () => {
  await using environment = await startEnvironment(web);
  const { body } = await environment.send('{ __type(name: "User") { name } }');
  assert.deepEqual(body, { data: { __type: { name: 'User' } } });
  const slip = await environment.send('{ vewer { id } }');
  assert.match(slip.body.errors[0].message, /Did you mean/);
});

for (const bff of [web, mobile] satisfies BffDefinition[]) {
  test(`${bff.name}: production shows no page, with or without a token for it`, async () => {
    await using environment = await startEnvironment(bff, {
      ...PRODUCTION,
      SANDBOX_TOKEN: 'secret-token',
    });
    const response = await openInBrowser(environment);
    const text = await response.text();
    assert.equal(response.status, 406);
    assert.match(response.headers.get('content-type') ?? '', /^application\/json/);
    assert.doesNotMatch(text, /<html|sandbox|secret-token/i);
    assert.equal(JSON.parse(text).errors[0].extensions.code, 'BAD_REQUEST');
  });

  test(`${bff.name}: production refuses introspection, and says so in the typed form`, async () => {
    await using environment = await startEnvironment(bff, PRODUCTION);
    for (const query of [
      '{__schema{types{name}}}',
      '{__type(name:"User"){name}}',
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
}

/** What is misspelt, and where. */
const SLIPS = {
  'a field': '{ profil(id: "42") { id } }',
  'a nested field': '{ profile(id: "42") { nam } }',
  'an argument': '{ profile(idd: "42") { id } }',
  'a mutation': 'mutation { cancelOrdr(id: "1") { userErrors { code } } }',
  'a type': '{ profile(id: "42") { ... on Profil { id } } }',
  'an enum value': '{ viewer { orders(status: PLACD) { edges { cursor } } } }',
  'a field of an input': 'mutation { updateProfile(input: { nam: "N" }) { user { id } } }',
  'a directive': '{ profile(id: "42") @skp(if: true) { id } }',
};

test('production gives no hint, whatever a document misspells', async () => {
  await using environment = await startEnvironment(web, PRODUCTION);
  for (const [what, query] of Object.entries(SLIPS)) {
    const { status, body } = await environment.send(query);
    assert.equal(status, 400, what);
    assert.equal(body.errors[0].extensions.code, 'GRAPHQL_VALIDATION_FAILED', what);
    assert.doesNotMatch(JSON.stringify(body), /did you mean/i, what);
  }
});

test('production places syntax errors in the text, and validation errors nowhere', async () => {
  await using environment = await startEnvironment(web, PRODUCTION);
  const parsed = (await environment.send('{ profile(')).body.errors[0];
  assert.equal(parsed.extensions.code, 'GRAPHQL_PARSE_FAILED');
  assert.deepEqual(parsed.locations, [{ line: 1, column: 11 }]);
  const validated = (await environment.send('{ profil(id: "42") { id } }')).body.errors[0];
  assert.equal(validated.extensions.code, 'GRAPHQL_VALIDATION_FAILED');
  assert.equal(validated.locations, undefined);
});

const ORDERS = 'query ($v: OrderStatus) { viewer { orders(status: $v) { edges { cursor } } } }';
const RENAME = 'mutation ($v: UpdateProfileInput!) { updateProfile(input: $v) { user { id } } }';

test('production gives no hint, whatever the variables misspell', async () => {
  await using environment = await startEnvironment(web, PRODUCTION);
  for (const [query, v] of [
    [ORDERS, 'PLACD'],
    [RENAME, { nam: 'N' }],
  ] as const) {
    const { body } = await environment.send(query, { variables: { v } });
    assert.equal(body.errors[0].extensions.code, 'BAD_USER_INPUT');
    assert.doesNotMatch(JSON.stringify(body), /did you mean/i);
  }
});

const STACK = /stack|\bat .+:\d+|\.[tj]s\b|node_modules|127\.0\.0\.1|localhost/i;

for (const fault of [{ status: 500 }, { malformed: 'json' }, { malformed: 'shape' }] as const) {
  test(`production shows no stack and no host when a service fails: ${JSON.stringify(fault)}`, async () => {
    await using environment = await startEnvironment(web, PRODUCTION);
    environment.services.user.control.faults({ '*': fault });
    const { body } = await environment.send('{ profile(id: "42") { id } }');
    assert.equal(body.errors[0].extensions.code, 'UPSTREAM_UNAVAILABLE');
    assert.doesNotMatch(JSON.stringify(body), STACK);
  });
}

test('production shows no stack and no host when the issuer can not be reached', async () => {
  await using environment = await startEnvironment(web, PRODUCTION);
  const { status, body } = await environment.send('{ viewer { id } }', { as: CAST.customer });
  assert.equal(status, 503);
  assert.equal(body.errors[0].extensions.code, 'UPSTREAM_UNAVAILABLE');
  assert.doesNotMatch(JSON.stringify(body), STACK);
});

test('production shows no stack for a body that is no JSON', async () => {
  await using environment = await startEnvironment(web, PRODUCTION);
  const { status, body } = await environment.post('{"query":');
  assert.equal(status, 400);
  assert.equal(body.errors[0].extensions.code, 'BAD_REQUEST');
  assert.doesNotMatch(JSON.stringify(body), STACK);
});
