import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { web } from '../../bff-web/bff.ts';
import { CAST } from '../../services/support/cast.ts';
import { startEnvironment } from '../support/environment.ts';

const ORDERS = `{ viewer {
  orders(first: 50) {
    edges { cursor node { id status total { amount currency } items { sku name quantity } placedAt } }
  }
  unreadCount
} }`;
const UNREAD = '{ viewer { unreadCount } }';

describe('An answer that is not stored', () => {
  it('is compressed if it is large, in the coding that the client prefers', async () => {
    await using environment = await startEnvironment(web);
    environment.services.notification.control.faults({ '*': { status: 503 } });
    for (const coding of ['br', 'gzip']) {
      const { headers, body } = await environment.send(ORDERS, {
        as: CAST.customer,
        headers: { 'accept-encoding': coding },
      });
      assert.equal(headers.get('content-encoding'), coding);
      assert.match(headers.get('vary') ?? '', /Accept-Encoding/);
      assert.equal(headers.get('cache-control'), 'no-store');
      assert.ok(body.data.viewer.orders.edges.length > 10);
      assert.equal(body.errors.length, 1);
    }
  });

  it('is not compressed if it is small, or if the client accepts no coding', async () => {
    await using environment = await startEnvironment(web);
    for (const [query, coding] of [
      [UNREAD, 'br'],
      [ORDERS, 'identity'],
    ] as const) {
      const headers = { 'accept-encoding': coding };
      const answer = await environment.send(query, { as: CAST.customer, headers });
      assert.equal(answer.headers.get('content-encoding'), null);
    }
  });
});
