import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { web } from '../../bff-web/bff.ts';
import { CAST } from '../../services/support/cast.ts';
import { type Environment, type Json, startEnvironment } from '../support/environment.ts';
import { until } from '../support/until.ts';

const callsOf = (environment: Environment, operation: string) =>
  environment.services.order.control.requests().routes[operation] ?? 0;

describe('identical calls without a batch form', () => {
  it('are shared while one is under way', async () => {
    await using environment = await startEnvironment(web);
    environment.services.notification.control.faults({ announcements: { delayMs: 300 } });
    const answers = await Promise.all(
      Array.from({ length: 50 }, () => environment.send('{ announcements { id } }')),
    );
    assert.ok(answers.every(({ body }) => body.data.announcements.length === 12));
    assert.equal(environment.services.notification.control.requests().routes.announcements, 1);
  });

  it('are not shared between viewers, nor between languages', async () => {
    await using environment = await startEnvironment(web);
    const page = await environment.send(
      '{ viewer { orders(first: 1) { pageInfo { endCursor } } } }',
      {
        as: CAST.customer,
      },
    );
    const after: string = page.body.data.viewer.orders.pageInfo.endCursor;
    environment.reset();
    environment.services.order.control.faults({ ordersByUser: { delayMs: 300 } });
    const query = `{ viewer { orders(first: 2, after: "${after}") { edges { node { id } } } } }`;
    const ask = (as: string, language: string) =>
      environment.send(query, { as, headers: { 'accept-language': language } });
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
    assert.equal(callsOf(environment, 'ordersByUser'), 3);
  });

  it('are not shared across a change', async () => {
    await using environment = await startEnvironment(web);
    const recent = () => environment.send('{ recentOrders(first: 1) { status } }', { as: 'staff' });
    const place = `mutation { placeOrder(input: { idempotencyKey: "k", currency: "EUR",
      items: [{ sku: "PAPER-NOTE", quantity: 1 }] }) { order { id } } }`;
    environment.services.order.control.faults({ recentOrders: { delayMs: 500 } });
    const early = recent();
    await until(() => callsOf(environment, 'recentOrders') === 1);
    const placed = await environment.send(place, { as: CAST.customer });
    assert.equal(placed.body.errors, undefined);
    await Promise.all([early, recent()]);
    assert.equal(callsOf(environment, 'recentOrders'), 2);
  });
});
