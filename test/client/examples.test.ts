import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { gql } from '@apollo/client';
import { web } from '../../bff-web/bff.ts';
import { CAST } from '../../services/support/cast.ts';
import { outcomeOf } from '../cache/environment.ts';
import { shareCached } from '../cache/shared-environment.ts';
import { createToken } from '../support/environment.ts';
import { until } from '../support/until.ts';
import * as apollo from './examples/apollo.ts';
import * as plainFetch from './examples/fetch.ts';
import type { CreateOrdersView, Order } from './examples/orders.ts';
import * as tada from './examples/tada.ts';
import * as urql from './examples/urql.ts';
import { compileRelayTags, RELAY_MANIFEST } from './relay-tags.ts';

// The clients of docs/clients.md, which shows these files.

compileRelayTags();

const CLIENTS = {
  'Apollo Client': apollo.createOrdersView,
  'urql with graphcache': urql.createOrdersView,
  Relay: (await import('./examples/relay/orders.ts')).createOrdersView,
  'gql.tada': tada.createOrdersView,
  'plain fetch': plainFetch.createOrdersView,
};

interface Exchange {
  readonly method: string;
  readonly hasText: boolean;
  readonly status: number;
  readonly cache: string;
}

const HIT = { method: 'GET', hasText: false, status: 200, cache: 'hit' };

describe('An example of docs/clients.md', () => {
  const environment = shareCached(web, {
    OPERATIONS_MANIFEST: fileURLToPath(RELAY_MANIFEST),
  });

  async function start(create: CreateOrdersView) {
    const exchanges: Exchange[] = [];
    const token = await createToken(CAST.customer);
    const view = create(environment.endpoint, token, async (input, init) => {
      const request = new Request(input, init);
      const { method, url } = request;
      const body = await request.clone().text();
      const response = await fetch(request);
      const hasText = new URL(url).searchParams.has('query') || body.includes('"query":');
      exchanges.push({ method, hasText, status: response.status, cache: outcomeOf(response) });
      return response;
    });
    let shown: readonly Order[] = [];
    view.show((orders) => {
      shown = orders;
    });
    await until(() => shown.length > 0);
    return { ...view, exchanges, shown: () => shown };
  }

  async function placeOrder(): Promise<string> {
    const input = {
      idempotencyKey: randomUUID(),
      currency: 'GBP',
      items: [{ sku: 'CUP-STONE', quantity: 1 }],
    };
    const query =
      'mutation ($input: PlaceOrderInput!) { placeOrder(input: $input) { order { id } } }';
    const { body } = await environment.send(query, { as: CAST.customer, variables: { input } });
    return body.data.placeOrder.order.id;
  }

  const countOrders = async (): Promise<number> =>
    (await environment.read('order', `/orders?user=${CAST.customer}&limit=50`)).orders.length;

  for (const [name, create] of Object.entries(CLIENTS)) {
    describe(name, () => {
      it('pages through all orders, each once', async () => {
        const { shown, showMore } = await start(create);
        for (let pages = 1; await showMore(); pages++) {
          await until(() => shown().length > pages * 10);
        }
        const ids = shown().map(({ id }) => id);
        assert.equal(new Set(ids).size, ids.length);
        assert.equal(ids.length, await countOrders());
      });

      it('requests an operation by its id over GET, and gets what is stored', async () => {
        // Registers the document, if the BFF does not know it.
        const first = await start(create);
        const second = await start(create);
        assert.deepEqual(second.exchanges, [HIT]);
        assert.deepEqual(second.shown(), first.shown());
      });

      it('shows the changed status of a cancelled order without another request', async () => {
        const placed = await placeOrder();
        const { shown, cancel, exchanges } = await start(create);
        const status = () => shown().find(({ id }) => id === placed)?.status;
        assert.equal(status(), 'PLACED');
        await cancel(placed);
        await until(() => status() === 'CANCELLED');
        assert.deepEqual(exchanges.map(({ method }) => method).slice(-2), ['GET', 'POST']);
      });

      it('shows an empty list if the orders are unavailable', async () => {
        environment.services.order.control.faults({ '*': { status: 503 } });
        const shown: (readonly Order[])[] = [];
        const view = create(environment.endpoint, await createToken(CAST.customer), fetch);
        view.show((orders) => shown.push(orders));
        await until(() => shown.length > 0);
        assert.deepEqual(shown.at(-1), []);
      });

      it('gets the code of an error', async () => {
        const { shown, statusOf } = await start(create);
        const [order] = shown();
        assert.equal(await statusOf(order?.id ?? ''), order?.status);
        assert.equal(await statusOf('999999'), 'NOT_FOUND');
        assert.equal(await statusOf('no id!'), 'BAD_USER_INPUT');
      });
    });
  }

  it('with Apollo Client sends a document that is not in the kit', async () => {
    const token = await createToken(CAST.customer);
    const client = apollo.createClient(environment.endpoint, token);
    const { data } = await client.query<{ viewer: { unreadCount: number } }>({
      query: gql`query { viewer { id unreadCount } }`,
    });
    assert.equal(typeof data?.viewer.unreadCount, 'number');
  });

  it('with plain fetch gets 304 for what it has, and 200 after a change', async () => {
    const placed = await placeOrder();
    const { statusOf, cancel, exchanges } = await start(CLIENTS['plain fetch']);
    await statusOf(placed);
    await statusOf(placed);
    await cancel(placed);
    assert.equal(await statusOf(placed), 'CANCELLED');
    const statuses = exchanges.slice(1).map(({ method, status }) => `${method} ${status}`);
    assert.deepEqual(statuses, ['GET 200', 'GET 304', 'POST 200', 'GET 200']);
  });
});
