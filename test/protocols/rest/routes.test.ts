import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { describe, it } from 'node:test';
import { print } from 'graphql';
import { mobile } from '../../../bff-mobile/bff.ts';
import { partner } from '../../../bff-partner/bff.ts';
import { web } from '../../../bff-web/bff.ts';
import { CAST } from '../../../services/support/cast.ts';
import type { BffDefinition } from '../../../src/bff.ts';
import { loadCommittedOperations } from '../../../src/operations/index.ts';
import { documentHash } from '../../../src/operations/operation.ts';
import { listRoutes } from '../../../src/protocols/rest/routes.ts';
import { buildSchema } from '../../../src/server/build-schema.ts';
import { createToken, startEnvironment } from '../../support/environment.ts';
import { LOGIN, sessionCookie } from '../../support/session.ts';
import { createOperations, rest } from './rest-client.ts';

const MARK = 'markNotificationsRead(ids: $ids) { notifications { id } unreadCount }';
const ROUTE = '@rest(method: GET, path: "/profiles/{id}")';

/** The fault of operations, in which `@` stands for `@rest`. */
async function faultOf(bff: BffDefinition, operations: Readonly<Record<string, string>>) {
  await using folder = await createOperations(operations);
  const started = startEnvironment({ ...bff, operations: folder.url });
  const error = await started.then(
    async (environment) => {
      await environment[Symbol.asyncDispose]();
      return undefined;
    },
    (reason: Error) => reason,
  );
  return error?.message;
}

describe('A server does not start with', () => {
  for (const [what, operations, message] of [
    [
      'a path variable that is no variable of the operation',
      {
        Profile: `query Profile($id: ID!) @rest(method: GET, path: "/p/{key}") { profile(id: $id) { id } }`,
      },
      'Wrong @rest:\n  Profile.graphql: {key} is no variable of the operation',
    ],
    [
      'a mutation on GET',
      {
        Cancel: `mutation Cancel($id: ID!) @rest(method: GET, path: "/cancel/{id}") { cancelOrder(id: $id) { order { id } } }`,
      },
      'Wrong @rest:\n  Cancel.graphql: a mutation needs a method other than GET',
    ],
    [
      'a query on POST',
      { Me: `query Me @rest(method: POST, path: "/me") { dashboard { unreadCount } }` },
      'Wrong @rest:\n  Me.graphql: a query needs the method GET',
    ],
    [
      'two operations on one route',
      {
        One: `query One($id: ID!) @rest(method: GET, path: "/p/{id}") { profile(id: $id) { id } }`,
        Two: `query Two($key: ID!) @rest(method: GET, path: "/p/{key}") { profile(id: $key) { name } }`,
      },
      'Wrong @rest:\n  Two: One has the route GET /p/{id} already',
    ],
    [
      'a path of the server, or what is no path',
      {
        One: `query One @rest(method: GET, path: "/graphql") { announcements { id } }`,
        Two: `query Two @rest(method: GET, path: "news/") { announcements { id } }`,
      },
      'Wrong @rest:\n  One.graphql: "/graphql" belongs to the server\n  Two.graphql: "news/" is not a path such as /orders/{id}',
    ],
    [
      'an object where there is no body',
      {
        Place: `mutation Place($input: PlaceOrderInput!) @rest(method: DELETE, path: "/o") { placeOrder(input: $input) { order { id } } }`,
      },
      'Wrong @rest:\n  Place.graphql: $input is an object, and the request has no body',
    ],
    [
      'a list in a path',
      {
        Mark: `mutation Mark($ids: [ID!]!) @rest(method: POST, path: "/read/{ids}") { markNotificationsRead(ids: $ids) { unreadCount } }`,
      },
      'Wrong @rest:\n  Mark.graphql: {ids} is not a plain value',
    ],
    [
      'a member in the place of the list of missing parts',
      { Me: `query Me @rest(method: GET, path: "/me") { dashboard { errors: unreadCount } }` },
      'Wrong @rest:\n  Me.graphql: the body has a member "errors": give this field an alias',
    ],
    [
      'an unknown method',
      { Me: `query Me @rest(method: QUERY, path: "/me") { dashboard { unreadCount } }` },
      'Me.graphql: Value "QUERY" does not exist in "RestMethod" enum.',
    ],
  ] as const) {
    it(what, async () => {
      assert.equal(await faultOf(mobile, operations), message);
    });
  }
});

describe('The directive @rest', () => {
  it('makes an endpoint of an operation, by one line of one file', async () => {
    const operation = 'query News { announcements { id title } }';
    await using before = await createOperations({ News: operation });
    await using after = await createOperations({
      News: operation.replace('News', 'News @rest(method: GET, path: "/news")'),
    });
    await using without = await startEnvironment({ ...mobile, operations: before.url });
    await using having = await startEnvironment({ ...mobile, operations: after.url });
    assert.equal((await rest(without, 'GET /news')).status, 404);
    const { status, body } = await rest(having, 'GET /news');
    assert.deepEqual([status, body.announcements.length], [200, 12]);
    const { body: document } = await rest(having, 'GET /openapi.json');
    assert.deepEqual(Object.keys(document.paths), ['/news']);
  });

  it('may name the variable of a path differently for each method', async () => {
    await using folder = await createOperations({
      One: `query One($id: ID!) @rest(method: GET, path: "/o/{id}") { order(id: $id) { id } }`,
      Two: `mutation Two($key: ID!) @rest(method: DELETE, path: "/o/{key}") { cancelOrder(id: $key) { order { id } } }`,
    });
    await using environment = await startEnvironment({ ...partner, operations: folder.url });
    const { status, headers } = await rest(environment, 'PUT /o/1');
    assert.deepEqual([status, headers.get('allow')], [405, 'GET, HEAD, DELETE']);
    assert.equal((await rest(environment, 'DELETE /o/1')).status, 401);
  });

  it('changes neither the hash of an operation nor what is executed', async () => {
    const texts = {
      Profile: `query Profile($id: ID!) ${ROUTE} {\n  profile(id: $id) { name }\n}\n`,
    };
    await using folder = await createOperations(texts);
    const [operation] = loadCommittedOperations(folder.url, buildSchema(mobile));
    const plain = texts.Profile.replace(` ${ROUTE}`, '');
    assert.equal(operation?.source, plain);
    assert.equal(operation.hash, documentHash(plain));
    assert.doesNotMatch(print(operation.withTypenames.document), /@rest/);
  });

  it('leaves the operation registered with and without it, and with __typename', async () => {
    const texts = { Profile: `query Profile($id: ID!) ${ROUTE} { profile(id: $id) { name } }` };
    await using folder = await createOperations(texts);
    await using environment = await startEnvironment(
      { ...mobile, operations: folder.url },
      { OPERATIONS: 'trusted' },
    );
    const withTypename = `query Profile($id: ID!) ${ROUTE} {\n  profile(id: $id) {\n    name\n    __typename\n  }\n}`;
    for (const text of [texts.Profile, withTypename]) {
      for (const query of [text, text.replace(` ${ROUTE}`, '')]) {
        const variables = { id: CAST.otherCustomer };
        const { body } = await environment.send(query, { variables });
        assert.equal(body.errors, undefined, query);
        assert.equal(body.data.profile.name, 'Mateo Fernández');
        const byId = await environment.post({ documentId: documentHash(query), variables });
        assert.deepEqual(byId.body, body);
      }
    }
  });

  it('gives list variables as repeated parameters, and several variables of a body as members', async () => {
    const operations = {
      Both: `query Both @rest(method: GET, path: "/both") { announcements { id } profile(id: "43") { id } }`,
      Mark: `mutation Mark($ids: [ID!]!) @rest(method: POST, path: "/read") { ${MARK} }`,
      MarkByQuery: `mutation MarkByQuery($ids: [ID!]!) @rest(method: DELETE, path: "/unread") { ${MARK} }`,
    };
    await using folder = await createOperations(operations);
    await using environment = await startEnvironment({ ...mobile, operations: folder.url });
    const { notifications } = await environment.read(
      'notification',
      `/notifications?user=${CAST.customer}&unread=true&limit=2`,
    );
    const ids = notifications.map(({ id }: { id: string }) => id);
    const marked = await rest(environment, 'POST /read', { as: CAST.customer, body: { ids } });
    assert.deepEqual([marked.status, marked.body.notifications.length], [200, 2]);
    for (const [body, pointer] of [
      [{}, '#/ids'],
      [{ ids: [[]] }, '#/ids/0'],
      [{ ids, id: 1 }, '#/id'],
    ] as const) {
      const refused = await rest(environment, 'POST /read', { as: CAST.customer, body });
      assert.equal(refused.status, 400);
      assert.deepEqual(
        refused.body.errors.map((fault: { pointer: string }) => fault.pointer),
        [pointer],
      );
    }
    const [first = '', second = ''] = ids;
    const query = new URLSearchParams([
      ['ids', first],
      ['ids', second],
    ]);
    const again = await rest(environment, `DELETE /unread?${query}`, { as: CAST.customer });
    assert.deepEqual(again.body, marked.body);
    const both = await rest(environment, 'GET /both');
    assert.deepEqual(Object.keys(both.body), ['announcements', 'profile']);
  });

  it('needs the header against CSRF for a session in a cookie, also on GET', async () => {
    await using folder = await createOperations({
      Me: 'query Me @rest(method: GET, path: "/me") { viewer { id } }',
    });
    await using environment = await startEnvironment({ ...web, operations: folder.url }, LOGIN);
    const cookie = await sessionCookie(await createToken(CAST.customer));
    const refused = await rest(environment, 'GET /me', { headers: { cookie } });
    assert.deepEqual([refused.status, refused.body.code], [403, 'FORBIDDEN']);
    const headers = { cookie, 'x-csrf-protection': '1' };
    const { status, body } = await rest(environment, 'GET /me', { headers });
    assert.deepEqual([status, body], [200, { id: CAST.customer }]);
  });
});

describe('The committed operations with @rest', () => {
  it('are those that their files say', async () => {
    for (const bff of [web, mobile, partner]) {
      const schema = buildSchema(bff);
      const routes = listRoutes(schema, loadCommittedOperations(bff.operations, schema));
      const marked: string[] = [];
      for (const file of await readdir(bff.operations)) {
        const text = await readFile(new URL(file, bff.operations), 'utf8');
        if (text.includes('@rest')) marked.push(basename(file, '.graphql'));
      }
      assert.deepEqual(routes.map(({ operation }) => operation.name).sort(), marked.sort());
    }
  });

  it('differ from others by the line that docs/rest.md shows', async () => {
    const page = await readFile(new URL('../../../docs/rest.md', import.meta.url), 'utf8');
    const [, path = '', before = '', after = ''] =
      /^\+\+\+ b\/(.+)\n@@\n-(.+)\n\+(.+)$/m.exec(page) ?? [];
    const text = await readFile(new URL(`../../../${path}`, import.meta.url), 'utf8');
    assert.ok(text.includes(`${after}\n`), after);
    const [operation] = loadCommittedOperations(partner.operations, buildSchema(partner)).filter(
      ({ name }) => text.includes(`query ${name}(`),
    );
    assert.equal(operation?.source, text.replace(after, before));
  });
});
