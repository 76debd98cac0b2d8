import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { web } from '../../bff-web/bff.ts';
import { CAST } from '../../services/support/cast.ts';
import { type Json, startEnvironment } from '../support/environment.ts';
import { startProxy } from './untrusted-proxy.ts';

/** One batch for the orders of each customer. */
const MANY = `{ customers(first: 8) { edges { node { id orders(first: 1) { edges { node { id } } } } } } }`;
const MINE = '{ viewer { id orders(first: 1) { edges { node { id } } } } }';
/** After so many calls an upstream may be sent as many again as ever. */
const ENOUGH_CALLS = 100;

describe('an answer that is untrusted in part', () => {
  it('costs the one key whose object is malformed, and none of the others of the batch', async () => {
    await using proxy = await startProxy();
    await using environment = await startEnvironment(web, { ORDER_SERVICE_URL: proxy.url });
    proxy.to(environment.services.order.listeningOrigin);
    for (let calls = 0; calls < ENOUGH_CALLS; calls++)
      await environment.send(MINE, { as: CAST.customer });
    const { data: whole } = (await environment.send(MANY, { as: 'staff' })).body;
    const ids: string[] = whole.customers.edges.map(({ node }: Json) => node.id);
    const bad = ids[2];

    const batches: string[] = [];
    proxy.spoil((body, path) => {
      batches.push(path);
      const lists = body.lists.map((list: Json) =>
        list.userId === bad ? { ...list, orders: [{ id: 'half an order' }] } : list,
      );
      return { body: { lists } };
    });
    const { body } = await environment.send(MANY, { as: 'staff' });

    const [first] = batches;
    assert.equal(first, `/orders?users=${ids.join(',')}&limit=1`, 'all are asked for at once');
    assert.equal(batches.length, 7, 'and then in halves of eight, of four and of two');
    const expected = structuredClone(whole);
    expected.customers.edges[2].node.orders = null;
    assert.deepEqual(body.data, expected);
    assert.deepEqual(
      body.errors.map(({ path, extensions }: Json) => [path.join('.'), extensions.code]),
      [['customers.edges.2.node.orders', 'UPSTREAM_UNAVAILABLE']],
    );
  });

  it('is not read when it does not say that it is JSON, whatever it holds', async () => {
    await using proxy = await startProxy();
    await using environment = await startEnvironment(web, { ORDER_SERVICE_URL: proxy.url });
    proxy.to(environment.services.order.listeningOrigin);
    for (const type of ['text/html', 'text/plain; charset=utf-8', 'application/jsonp', '']) {
      proxy.spoil(() => ({ type }));
      const { body } = await environment.send(MINE, { as: CAST.customer });
      assert.deepEqual(body.data, { viewer: { id: CAST.customer, orders: null } }, type);
      assert.equal(body.errors[0].extensions.code, 'UPSTREAM_UNAVAILABLE', type);
    }
    for (const type of ['application/json;charset=utf-8', 'Application/vnd.orders.v1+JSON']) {
      proxy.spoil(() => ({ type }));
      const { body } = await environment.send(MINE, { as: CAST.customer });
      assert.equal(body.errors, undefined, type);
    }
  });
});
