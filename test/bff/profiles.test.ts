import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import { mobile } from '../../bff-mobile/bff.ts';
import { web } from '../../bff-web/bff.ts';
import { CAST } from '../../services/support/cast.ts';
import { type Environment, type Json, startEnvironment } from '../support/environment.ts';
import { mutate, userErrorsOf } from './mutate.ts';

const UPDATE = `mutation ($input: UpdateProfileInput!) { updateProfile(input: $input) {
  user { id name avatarUrl locale } userErrors { code field message } } }`;

const INVALID_IDS = ['..', '.', '1\r\nX: y', '1\0', '1\u200b', '1\u2028', '1'.repeat(256), ''];
const FOREIGN_IDS = ['../admin', '%2e%2e', 'a/b', 'a\\b', '1,2', '1&ids=2', '①'];

for (const bff of [web, mobile]) {
  describe(`The ${bff.name} BFF`, () => {
    let environment: Environment;
    before(async () => {
      environment = await startEnvironment(bff);
    });
    beforeEach(() => environment.reset());
    after(() => environment[Symbol.asyncDispose]());

    const storedUser = () => environment.read('user', `/users/${CAST.customer}`);

    it('returns profiles to everyone', async () => {
      const query = `{ profile(id: "${CAST.customer}") { name } }`;
      const { status, body } = await environment.send(query);
      assert.equal(status, 200);
      assert.deepEqual(body, { data: { profile: { name: 'Amara Okafor' } } });
    });

    it('returns null without an error for a deleted profile, and NOT_FOUND for a missing one', async () => {
      const query = `{ deleted: profile(id: "${CAST.deleted}") { id } missing: profile(id: "none") { id } }`;
      const { body } = await environment.send(query);
      assert.deepEqual(body.data, { deleted: null, missing: null });
      const errors = body.errors.map(({ path, extensions }: Json) => [path, extensions.code]);
      assert.deepEqual(errors, [[['missing'], 'NOT_FOUND']]);
    });

    it('sends any printable id of a user upstream as one value', async () => {
      for (const id of FOREIGN_IDS) {
        environment.reset();
        const query = 'query ($id: ID!) { profile(id: $id) { id } }';
        const { body } = await environment.send(query, { variables: { id } });
        assert.equal(body.errors[0].extensions.code, 'NOT_FOUND', id);
        const [url = '', ...more] = environment.calls().map((call) => call.url);
        assert.deepEqual(more, [], id);
        const { pathname, search } = new URL(url, 'http://127.0.0.1');
        assert.equal(pathname, '/users', id);
        const item = id.replaceAll('%', '%25').replaceAll(',', '%2C');
        assert.deepEqual([...new URLSearchParams(search)], [['ids', item]]);
      }
    });

    it('sends no call upstream for an id that is not printable or that URLs lose', async () => {
      for (const id of INVALID_IDS) {
        environment.reset();
        const query = 'query ($id: ID!) { profile(id: $id) { id } }';
        const { status, body } = await environment.send(query, { variables: { id } });
        assert.equal(status, 200, id);
        assert.equal(body.errors[0].extensions.code, 'BAD_USER_INPUT', id);
        assert.match(body.errors[0].message, /Use an id that the API returned/, id);
        assert.deepEqual(environment.calls(), [], id);
      }
    });

    it('changes only the given fields of a profile', async () => {
      const before = await storedUser();
      const { user } = await mutate(environment, UPDATE, { input: { name: 'Amara 🦊 O.' } });
      assert.equal(user.name, 'Amara 🦊 O.');
      assert.equal(user.avatarUrl, before.avatarUrl);
      const { body } = await environment.send(`{ profile(id: "${CAST.customer}") { name } }`);
      assert.equal(body.data.profile.name, 'Amara 🦊 O.');
      const removed = await mutate(environment, UPDATE, { input: { avatarUrl: null } });
      assert.equal(removed.user.avatarUrl, null);
    });

    it('returns every user error of a profile, and changes nothing', async () => {
      const before = await storedUser();
      const input = { name: ' ', avatarUrl: 'javascript:alert(1)', locale: 'xx-XX' };
      const payload = await mutate(environment, UPDATE, { input });
      assert.equal(payload.user, null);
      assert.deepEqual(userErrorsOf(payload).sort(), [
        ['BLANK', 'input.name'],
        ['INVALID_URL', 'input.avatarUrl'],
        ['UNKNOWN_LOCALE', 'input.locale'],
      ]);
      assert.deepEqual(await storedUser(), before);
    });
  });
}
