import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { test } from 'node:test';
import { mobile } from '../../bff-mobile/bff.ts';
import { web } from '../../bff-web/bff.ts';
import { CAST } from '../../services/support/cast.ts';
import { issueToken } from '../../services/user/tokens.ts';
import { authorization, startWorld, type World } from '../support/world.ts';

const CACHED = { CACHE_MEMORY_MB: '64' };
const QUERY = '{ announcements { id } }';
const MINE = { web: '{ viewer { user { id } } }', mobile: '{ dashboard { user { id } } }' };
const MUTATION = 'mutation { markNotificationsRead(ids: ["1"]) { unreadCount } }';
const AS_JSON = { 'content-type': 'application/json' };

const persisted = (sha256Hash: unknown, version = 1) => ({
  extensions: { persistedQuery: { version, sha256Hash } },
});

const search = (parameters: Record<string, unknown>): string =>
  `?${new URLSearchParams(
    Object.entries(parameters).map(([name, value]) => [
      name,
      typeof value === 'string' ? value : JSON.stringify(value),
    ]),
  )}`;

const get = ({ endpoint }: World, parameters: Record<string, unknown>, init: RequestInit = {}) =>
  fetch(endpoint + search(parameters), init);

const post = ({ endpoint }: World, content: unknown, headers: Record<string, string> = AS_JSON) =>
  fetch(endpoint, { method: 'POST', headers, body: JSON.stringify(content) });

/** No cache may keep it, by any of the headers that caches look at. */
function assertKeptNowhere({ headers }: Response, what: string): void {
  assert.equal(headers.get('cache-control'), 'no-store', what);
  for (const name of ['etag', 'surrogate-key', 'cache-tag', 'age']) {
    assert.equal(headers.get(name), null, `${what}: ${name}`);
  }
}

/** Asks twice, with the right answer stored in between, and expects the same refusal. */
async function assertRefused(
  world: World,
  what: string,
  send: () => Promise<Response>,
  { status, says }: { readonly status: number; readonly says: RegExp },
) {
  for (let n = 0; n < 2; n++) {
    const answer = await send();
    const text = await answer.text();
    assert.equal(answer.status, status, `${what}: ${text}`);
    assert.match(text, says, what);
    assert.match(text, /"requestId"/, what);
    assertKeptNowhere(answer, what);
    await (await get(world, { query: QUERY })).text();
    await (await post(world, persisted(hash('sha256', QUERY)))).text();
  }
}

for (const bff of [web, mobile]) {
  test(`${bff.name}: a hash that is not the text's is refused, whichever of them is stored`, async () => {
    await using world = await startWorld(bff, CACHED);
    const other = '{ profile(id: "42") { id } }';
    await (await get(world, { query: other })).text();
    const hashes = [hash('sha256', other), '0'.repeat(64), hash('sha256', QUERY).toUpperCase(), ''];
    const refusal = { status: 400, says: /sha does not match|a sha256Hash/ };
    for (const sha256Hash of hashes) {
      const content = { query: QUERY, ...persisted(sha256Hash) };
      await assertRefused(world, `GET ${sha256Hash}`, () => get(world, content), refusal);
      await assertRefused(world, `POST ${sha256Hash}`, () => post(world, content), refusal);
    }
  });

  test(`${bff.name}: a text that should have a hash and has none is refused, stored or not`, async () => {
    await using world = await startWorld(bff, CACHED);
    const refusal = { status: 400, says: /a sha256Hash/ };
    for (const none of [undefined, null]) {
      const content = { query: QUERY, ...persisted(none) };
      await assertRefused(world, `GET ${none}`, () => get(world, content), refusal);
      await assertRefused(world, `POST ${none}`, () => post(world, content), refusal);
    }
  });

  test(`${bff.name}: an unknown hash is not found, and is found as soon as it is known`, async () => {
    await using world = await startWorld(bff, CACHED);
    const query = `# ${bff.name}\n${QUERY}`;
    const unknown = persisted(hash('sha256', query));
    const refusal = { status: 200, says: /"PERSISTED_QUERY_NOT_FOUND"/ };
    await assertRefused(world, 'GET', () => get(world, unknown), refusal);
    await assertRefused(world, 'POST', () => post(world, unknown), refusal);
    await (await post(world, { query })).text();
    assert.match(await (await get(world, unknown)).text(), /"data"/);
  });

  test(`${bff.name}: what is malformed is refused the same way, stored answer or not`, async () => {
    await using world = await startWorld(bff, CACHED);
    const given: [parameters: Record<string, unknown>, says: RegExp][] = [
      [{ query: QUERY, variables: '[]' }, /variables/],
      [{ query: QUERY, variables: '{' }, /variables/],
      [{ query: QUERY, variables: '' }, /variables/],
      [{ query: QUERY, ...persisted(hash('sha256', QUERY), 2) }, /version/],
      [{ query: QUERY, operationName: 'Other' }, /Unknown operation/],
      [{ query: QUERY, operationName: '' }, /Unknown operation/],
      [{ query: '' }, /query/],
      [{}, /query/],
    ];
    for (const [parameters, says] of given) {
      const what = JSON.stringify(parameters);
      await assertRefused(world, what, () => get(world, parameters), { status: 400, says });
    }
    const twice = () => fetch(`${world.endpoint}${search({ query: QUERY })}&query=x`);
    await assertRefused(world, 'twice', twice, { status: 400, says: /once/ });
  });

  test(`${bff.name}: null is no object in an address, stored answer or not`, async () => {
    await using world = await startWorld(bff, CACHED);
    for (const name of ['variables', 'extensions']) {
      const send = () => get(world, { query: QUERY, [name]: 'null' });
      await assertRefused(world, name, send, { status: 400, says: new RegExp(name) });
    }
  });

  test(`${bff.name}: half a character does not make a text the one that is stored`, async () => {
    await using world = await startWorld(bff, CACHED);
    const stored = await post(world, { query: `# \ufffd\n${QUERY}` });
    assert.equal(stored.status, 200);
    const send = () => post(world, { query: `# \ud800\n${QUERY}` });
    await assertRefused(world, 'text', send, { status: 400, says: /well-formed Unicode/ });
  });

  test(`${bff.name}: a token that is not valid gets nothing, however well it is known`, async () => {
    await using world = await startWorld(bff, CACHED);
    const mine = MINE[bff.name as keyof typeof MINE];
    const expired = await issueToken({ userId: CAST.customer, expiresIn: -60 });
    const good = await issueToken({ userId: CAST.customer });
    for (let n = 0; n < 2; n++) {
      for (const token of [expired, `${good.slice(0, -4)}AAAA`, 'of.good.news', '']) {
        const headers = { authorization: `Bearer ${token}` };
        for (const query of [QUERY, mine]) {
          const got = await get(world, { query }, { headers });
          const posted = await post(world, { query }, { ...AS_JSON, ...headers });
          const known = await get(
            world,
            { query },
            { headers: { ...headers, 'if-none-match': '*' } },
          );
          for (const { status } of [got, posted, known]) assert.equal(status, 401);
          assert.doesNotMatch(await got.text(), /"data"/);
        }
      }
      const headers = await authorization(CAST.customer);
      for (const query of [QUERY, mine]) await (await get(world, { query }, { headers })).text();
    }
  });

  test(`${bff.name}: a GET needs no header of its own, and changes nothing`, async () => {
    await using world = await startWorld(bff, CACHED);
    assert.equal((await get(world, { query: QUERY })).status, 200);
    const headers = await authorization(CAST.customer);
    for (const method of ['GET', 'HEAD']) {
      const refused = await get(world, { query: MUTATION }, { method, headers });
      assert.equal(refused.status, 405);
      assert.equal(refused.headers.get('allow'), 'POST');
      assertKeptNowhere(refused, method);
    }
    assert.deepEqual(
      world.calls().map(({ operation }) => operation),
      ['announcements'],
    );
  });
}
