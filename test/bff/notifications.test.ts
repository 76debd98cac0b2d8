import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import { mobile } from '../../bff-mobile/bff.ts';
import { web } from '../../bff-web/bff.ts';
import { CAST, CUSTOMER_UNREAD } from '../../services/support/cast.ts';
import { type Environment, type Json, startEnvironment } from '../support/environment.ts';
import { mutate, userErrorsOf } from './mutate.ts';

const MARK = `mutation ($ids: [ID!]!) { markNotificationsRead(ids: $ids) {
  notifications { id readAt } unreadCount userErrors { code field message } } }`;

for (const [bff, protocol] of [
  [web, 'HTTP'],
  [web, 'gRPC'],
  [mobile, 'HTTP'],
  [mobile, 'gRPC'],
] as const) {
  describe(`The ${bff.name} BFF, whose notification service speaks ${protocol},`, () => {
    let environment: Environment;
    before(async () => {
      const grpc = protocol === 'gRPC' ? (['notification'] as const) : [];
      environment = await startEnvironment(bff, {}, grpc);
    });
    beforeEach(() => environment.reset());
    after(() => environment[Symbol.asyncDispose]());

    async function unreadOf(user: string): Promise<Json[]> {
      const path = `/notifications?user=${user}&unread=true&limit=50`;
      return (await environment.read('notification', path)).notifications;
    }

    it('returns the announcements to everyone', async () => {
      const { body } = await environment.send('{ announcements { title } }');
      assert.equal(body.errors, undefined);
      assert.equal(body.data.announcements.length, 12);
    });

    it("marks the viewer's notifications read, and returns an error for each other id", async () => {
      const own = (await unreadOf(CAST.customer)).slice(0, 2).map(({ id }) => id);
      const another = await unreadOf(CAST.otherCustomer);
      const payload = await mutate(environment, MARK, {
        ids: [own[0], another[0].id, own[1], 'none'],
      });
      assert.deepEqual(payload.notifications.map(({ id }: Json) => id).sort(), own.sort());
      assert.ok(payload.notifications.every(({ readAt }: Json) => readAt));
      assert.equal(payload.unreadCount, CUSTOMER_UNREAD - 2);
      assert.deepEqual(userErrorsOf(payload), [
        ['NOT_FOUND', 'ids.1'],
        ['NOT_FOUND', 'ids.3'],
      ]);
      assert.deepEqual(await unreadOf(CAST.otherCustomer), another);
    });

    it('accepts 1 to 100 ids of notifications', async () => {
      for (const [count, code, message] of [
        [0, 'BAD_USER_INPUT', /1 to 100 entries, not 0/],
        [101, 'QUERY_TOO_COMPLEX', /a list is 101: at most 100/],
      ] as const) {
        const ids = Array.from({ length: count }, (_, index) => `n${index}`);
        const { body } = await environment.send(MARK, { as: CAST.customer, variables: { ids } });
        assert.equal(body.errors[0].extensions.code, code);
        assert.match(body.errors[0].message, message);
      }
    });
  });
}
