import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { mobile } from '../../bff-mobile/bff.ts';
import { web } from '../../bff-web/bff.ts';
import { CAST } from '../../services/support/cast.ts';
import { type Environment, startEnvironment } from '../support/environment.ts';

for (const bff of [web, mobile]) {
  describe(`${bff.name}: what is public`, () => {
    let environment: Environment;
    before(async () => {
      environment = await startEnvironment(bff);
    });
    after(() => environment[Symbol.asyncDispose]());

    it('answers the public fields to everyone', async () => {
      const query = `{ announcements { title } profile(id: "${CAST.customer}") { name } }`;
      const { status, body } = await environment.send(query);
      assert.equal(status, 200);
      assert.equal(body.errors, undefined);
      assert.equal(body.data.announcements.length, 12);
      assert.equal(body.data.profile.name, 'Amara Okafor');
    });

    it('answers null without an error for what was deleted, and NOT_FOUND for what never was', async () => {
      const query = `{ deleted: profile(id: "${CAST.deleted}") { id } missing: profile(id: "none") { id } }`;
      const { body } = await environment.send(query);
      assert.deepEqual(body.data, { deleted: null, missing: null });
      assert.deepEqual(
        body.errors.map((error: { path: string[]; extensions: { code: string } }) => [
          error.path,
          error.extensions.code,
        ]),
        [[['missing'], 'NOT_FOUND']],
      );
    });

    it('sends nothing upstream for an id that tries to climb', async () => {
      const climbing = [
        '../admin',
        '..',
        '.',
        '%2e%2e',
        'a/b',
        'a\\b',
        '1\r\nX: y',
        '1\0',
        '①',
        '',
      ];
      for (const id of climbing) {
        environment.reset();
        const query = `query ($id: ID!) { profile(id: $id) { id } }`;
        const { status, body } = await environment.send(query, { variables: { id } });
        assert.equal(status, 200, id);
        assert.equal(body.errors[0].extensions.code, 'BAD_USER_INPUT', id);
        assert.match(body.errors[0].message, /Use an id that the API returned/, id);
        assert.deepEqual(environment.calls(), [], id);
      }
    });
  });
}
