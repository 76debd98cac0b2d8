import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import { mobile } from '../../bff-mobile/bff.ts';
import { web } from '../../bff-web/bff.ts';
import { CAST } from '../../services/support/cast.ts';
import { authorization, type Environment, startEnvironment } from '../support/environment.ts';
import { until } from '../support/until.ts';

const UNREAD = '{ dashboard { unreadCount } }';

describe('the deadline of a request', () => {
  let environment: Environment;
  before(async () => {
    environment = await startEnvironment(mobile, { REQUEST_DEADLINE_MS: '4000' });
  });
  beforeEach(() => environment.reset());
  after(() => environment[Symbol.asyncDispose]());

  const ask = (timeout: string) =>
    environment.send(UNREAD, { as: CAST.customer, headers: { 'x-request-timeout-ms': timeout } });
  const told = () =>
    environment.calls().map(({ headers }) => Number(headers['x-request-timeout-ms']));

  it('is told upstream as what is left of it, at most ours', async () => {
    await ask('3000');
    await ask('999999');
    const [asked, capped] = told() as [number, number];
    assert.ok(asked > 0 && asked <= 3_000, String(asked));
    assert.ok(capped > 0 && capped <= 4_000, String(capped));
  });

  it('ends the waiting for a part, which then says so', async () => {
    environment.services.notification.control.faults({ unreadByUsers: { hang: true } });
    const { status, body } = await ask('200');
    assert.equal(status, 200);
    assert.deepEqual(body.data, { dashboard: { unreadCount: null } });
    assert.equal(body.errors[0].extensions.code, 'UPSTREAM_TIMEOUT');
  });

  it('ends the call with the waiting', async () => {
    environment.services.notification.control.faults({ unreadByUsers: { hang: true } });
    await ask('200');
    await until(() => environment.calls().every(({ endedAt }) => endedAt !== null));
    assert.equal(environment.calls().length, 1);
  });

  it('must be a whole number of milliseconds', async () => {
    for (const wrong of ['soon', '-1', '0', '1.5', '']) {
      const { status, body } = await ask(wrong);
      assert.equal(status, 400, wrong);
      assert.equal(body.errors[0].extensions.code, 'BAD_REQUEST', wrong);
      assert.match(body.errors[0].message, /X-Request-Timeout-Ms/);
    }
    assert.deepEqual(environment.calls(), []);
  });

  it('holds while a token is checked', async () => {
    await using fresh = await startEnvironment(mobile, { REQUEST_DEADLINE_MS: '300' });
    fresh.services.user.control.faults({ jwks: { hang: true } });
    const { status, body } = await fresh.send(UNREAD, { as: CAST.customer });
    assert.equal(status, 504);
    assert.equal(body.errors[0].extensions.code, 'UPSTREAM_TIMEOUT');
  });

  it('is not outlived by calls that would follow from an answer', async () => {
    await using pages = await startEnvironment(web);
    const query = '{ recentOrders(first: 1) { customer { id } } }';
    await pages.send(query, { as: 'staff' });
    pages.reset();
    pages.services.order.control.faults({ recentOrders: { hang: true } });
    const { body } = await pages.send(query, {
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
  async function leave(environment: Environment, query: string, operation: string) {
    const client = new AbortController();
    const asked = fetch(environment.endpoint, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...(await authorization(CAST.customer)) },
      body: JSON.stringify({ query }),
      signal: client.signal,
    });
    const underWay = () => environment.calls().filter((call) => call.operation === operation);
    await until(() => underWay().length === 1);
    client.abort();
    await assert.rejects(asked);
    return underWay;
  }

  it('ends the calls that only it waits for', async () => {
    await using environment = await startEnvironment(mobile);
    environment.services.notification.control.faults({ unreadByUsers: { hang: true } });
    const calls = await leave(environment, UNREAD, 'unreadByUsers');
    await until(() => calls().every(({ endedAt }) => endedAt !== null));
    assert.equal(calls().length, 1);
  });

  it('does not end a call that others wait for', async () => {
    await using environment = await startEnvironment(mobile);
    environment.services.notification.control.faults({ announcements: { delayMs: 500 } });
    const staying = environment.send('{ announcements { id } }');
    await until(() => environment.calls().length === 1);
    await leave(environment, '{ announcements { id } }', 'announcements');
    assert.equal((await staying).body.data.announcements.length, 12);
    assert.equal(environment.calls().length, 1);
  });

  it('does not end what it has asked to change', async () => {
    await using environment = await startEnvironment(mobile);
    environment.services.user.control.faults({ updateUser: { delayMs: 300 } });
    const query = 'mutation { updateProfile(input: { name: "Gone" }) { userErrors { code } } }';
    await leave(environment, query, 'updateUser');
    await until(
      async () => (await environment.read('user', `/users/${CAST.customer}`)).name === 'Gone',
    );
  });
});
