import assert from 'node:assert/strict';
import { it } from 'node:test';
import { web } from '../../bff-web/bff.ts';
import { CAST } from '../../services/support/cast.ts';
import { startEnvironment } from '../support/environment.ts';
import { until } from '../support/until.ts';

const RECENT = '{ recentOrders(first: 1) { id } }';
const PLACE = `mutation {
  placeOrder(input: { idempotencyKey: "key", currency: "EUR", items: [{ sku: "PAPER-NOTE", quantity: 1 }] }) {
    order { id }
  }
}`;

it('A write whose client left early lets its tags be cached again when its outcome is known', async () => {
  await using environment = await startEnvironment(web, { CACHE_MEMORY_MB: '8' });
  const cacheStatus = async () => {
    const { headers } = await environment.send(RECENT, { as: 'staff' });
    return headers.get('cache-status') ?? '';
  };
  environment.services.order.control.faults({ placeOrder: { delayMs: 300 } });
  const headers = { 'x-request-timeout-ms': '100' };
  const { body } = await environment.send(PLACE, { as: CAST.customer, headers });
  assert.match(body.errors[0].message, /outcome of this change is unknown/);
  await until(async () => /hit/.test(await cacheStatus()));
});
