import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import { mobile } from '../../bff-mobile/bff.ts';
import { web } from '../../bff-web/bff.ts';
import { CAST } from '../../services/support/cast.ts';
import { until } from '../support/until.ts';
import { authorization, startWorld, type World } from '../support/world.ts';

const UNREAD = '{ dashboard { unreadCount } }';

describe('the deadline of a request', () => {
  let world: World;
  before(async () => {
    world = await startWorld(mobile, { REQUEST_DEADLINE_MS: '4000' });
  });
  beforeEach(() => world.reset());
  after(() => world[Symbol.asyncDispose]());

  const ask = (timeout: string) =>
    world.ask(UNREAD, { as: CAST.customer, headers: { 'x-request-timeout-ms': timeout } });
  const told = () => world.calls().map(({ headers }) => Number(headers['x-request-timeout-ms']));

  it('is told upstream as what is left of it, at most ours', async () => {
    await ask('3000');
    await ask('999999');
    const [asked, capped] = told() as [number, number];
    assert.ok(asked > 0 && asked <= 3_000, String(asked));
    assert.ok(capped > 0 && capped <= 4_000, String(capped));
  });

  it('ends the waiting for a part, which then says so', async () => {
    world.services.notification.control.faults({ unreadByUsers: { hang: true } });
    const { status, body } = await ask('200');
    assert.equal(status, 200);
    assert.deepEqual(body.data, { dashboard: { unreadCount: null } });
    assert.equal(body.errors[0].extensions.code, 'UPSTREAM_TIMEOUT');
  });

  it('ends the call with the waiting', async () => {
    world.services.notification.control.faults({ unreadByUsers: { hang: true } });
    await ask('200');
    await until(() => world.calls().every(({ endedAt }) => endedAt !== null));
    assert.equal(world.calls().length, 1);
  });

  it('must be a whole number of milliseconds', async () => {
    for (const wrong of ['soon', '-1', '0', '1.5', '']) {
      const { status, body } = await ask(wrong);
      assert.equal(status, 400, wrong);
      assert.equal(body.errors[0].extensions.code, 'BAD_REQUEST', wrong);
      assert.match(body.errors[0].message, /X-Request-Timeout-Ms/);
    }
    assert.deepEqual(world.calls(), []);
  });

  it('holds while a token is checked', async () => {
    await using fresh = await startWorld(mobile, { REQUEST_DEADLINE_MS: '300' });
    fresh.services.user.control.faults({ jwks: { hang: true } });
    const { status, body } = await fresh.ask(UNREAD, { as: CAST.customer });
    assert.equal(status, 504);
    assert.equal(body.errors[0].extensions.code, 'UPSTREAM_TIMEOUT');
  });

  it('is not outlived by calls that would follow from an answer', async () => {
    await using pages = await startWorld(web);
    const query = '{ recentOrders(first: 1) { customer { id } } }';
    await pages.ask(query, { as: 'staff' });
    pages.reset();
    pages.services.order.control.faults({ recentOrders: { hang: true } });
    const { body } = await pages.ask(query, {
      as: 'staff',
      headers: { 'x-request-timeout-ms': '100' },
    });
    assert.equal(body.errors[0].extensions.code, 'UPSTREAM_TIMEOUT');
    assert.deepEqual(
      pages.calls().map(({ operation }) => operation),
      ['recentOrders'],
    );
  });
});

describe('a client that leaves', () => {
  async function leave(world: World, query: string, operation: string) {
    const client = new AbortController();
    const asked = fetch(world.endpoint, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...(await authorization(CAST.customer)) },
      body: JSON.stringify({ query }),
      signal: client.signal,
    });
    const underWay = () => world.calls().filter((call) => call.operation === operation);
    await until(() => underWay().length === 1);
    client.abort();
    await assert.rejects(asked);
    return underWay;
  }

  it('ends the calls that only it waits for', async () => {
    await using world = await startWorld(mobile);
    world.services.notification.control.faults({ unreadByUsers: { hang: true } });
    const calls = await leave(world, UNREAD, 'unreadByUsers');
    await until(() => calls().every(({ endedAt }) => endedAt !== null));
    assert.equal(calls().length, 1);
  });

  it('does not end a call that others wait for', async () => {
    await using world = await startWorld(mobile);
    world.services.notification.control.faults({ announcements: { delayMs: 500 } });
    const staying = world.ask('{ announcements { id } }');
    await until(() => world.calls().length === 1);
    await leave(world, '{ announcements { id } }', 'announcements');
    assert.equal((await staying).body.data.announcements.length, 12);
    assert.equal(world.calls().length, 1);
  });

  it('does not end what it has asked to change', async () => {
    await using world = await startWorld(mobile);
    world.services.user.control.faults({ updateUser: { delayMs: 300 } });
    const query = 'mutation { updateProfile(input: { name: "Gone" }) { userErrors { code } } }';
    await leave(world, query, 'updateUser');
    await until(async () => (await world.read('user', `/users/${CAST.customer}`)).name === 'Gone');
  });
});
