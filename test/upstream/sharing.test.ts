import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { web } from '../../bff-web/bff.ts';
import { CAST } from '../../services/support/cast.ts';
import { until } from '../support/until.ts';
import { type Json, startWorld, type World } from '../support/world.ts';

const callsOf = (world: World, operation: string) =>
  world.services.order.control.requests().routes[operation] ?? 0;

describe('identical calls without a batch form', () => {
  it('are shared while one is under way', async () => {
    await using world = await startWorld(web);
    world.services.notification.control.faults({ announcements: { delayMs: 300 } });
    const answers = await Promise.all(
      Array.from({ length: 50 }, () => world.ask('{ announcements { id } }')),
    );
    assert.ok(answers.every(({ body }) => body.data.announcements.length === 12));
    assert.equal(world.services.notification.control.requests().routes.announcements, 1);
  });

  it('are not shared between viewers, nor between languages', async () => {
    await using world = await startWorld(web);
    const page = await world.ask('{ viewer { orders(first: 1) { pageInfo { endCursor } } } }', {
      as: CAST.customer,
    });
    const after: string = page.body.data.viewer.orders.pageInfo.endCursor;
    world.reset();
    world.services.order.control.faults({ ordersByUser: { delayMs: 300 } });
    const query = `{ viewer { orders(first: 2, after: "${after}") { edges { node { id } } } } }`;
    const ask = (as: string, language: string) =>
      world.ask(query, { as, headers: { 'accept-language': language } });
    const answers = await Promise.all([
      ask(CAST.customer, 'en'),
      ask(CAST.customer, 'en'),
      ask(CAST.customer, 'de'),
      ask(CAST.manyOrders, 'en'),
    ]);
    const ids = answers.map(({ body }) =>
      body.data.viewer.orders.edges.map(({ node }: Json) => node.id).join(),
    );
    assert.equal(ids[0], ids[1]);
    assert.notEqual(ids[0], ids[3]);
    assert.equal(callsOf(world, 'ordersByUser'), 3);
  });

  it('are not shared across a change', async () => {
    await using world = await startWorld(web);
    const recent = () => world.ask('{ recentOrders(first: 1) { status } }', { as: 'staff' });
    const place = `mutation { placeOrder(input: { idempotencyKey: "k", currency: "EUR",
      items: [{ sku: "PAPER-NOTE", quantity: 1 }] }) { order { id } } }`;
    world.services.order.control.faults({ recentOrders: { delayMs: 500 } });
    const early = recent();
    await until(() => callsOf(world, 'recentOrders') === 1);
    const placed = await world.ask(place, { as: CAST.customer });
    assert.equal(placed.body.errors, undefined);
    await Promise.all([early, recent()]);
    assert.equal(callsOf(world, 'recentOrders'), 2);
  });
});
