import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { describe, it } from 'node:test';
import { parse } from 'yaml';
import { findServiceBreaks } from '../../tools/service-contracts.ts';
import { ROOT } from '../../tools/tree.ts';

// biome-ignore lint/suspicious/noExplicitAny: an OpenAPI document
type Description = any;

const text = await readFile(new URL('services/order/openapi.yaml', ROOT), 'utf8');

/** Finds what breaks with a change of the order service's document. */
async function breaksWith(change: (description: Description) => void): Promise<string[]> {
  const description = parse(text);
  change(description);
  const breaks = await findServiceBreaks({ order: description });
  return breaks.map((line) => {
    const [, reason] =
      /^services\/order\/openapi\.yaml: (.+) \(src\/datasources\/order.*\.ts:\d+\)$/.exec(line) ??
      [];
    assert.ok(reason, line);
    return reason;
  });
}

const schema = (description: Description, name: string) => description.components.schemas[name];
const ORDERS = 'GET /orders, POST /orders, POST /orders/{id}/cancel';

describe('The document of a service', () => {
  it('has all that the datasources use', async () => {
    assert.deepEqual(await findServiceBreaks(), []);
  });

  it('breaks the datasource when a property that it reads is renamed', async () => {
    const breaks = await breaksWith((description) => {
      const { properties, required } = schema(description, 'Order');
      properties.sum = properties.total;
      delete properties.total;
      required[required.indexOf('total')] = 'sum';
    });
    assert.deepEqual(breaks, [`${ORDERS}: Order.total is gone`]);
  });

  it('breaks the datasource when a property that it reads has another type, or more values', async () => {
    const breaks = await breaksWith((description) => {
      schema(description, 'Money').properties.amount.type = 'string';
      schema(description, 'OrderStatus').enum.push('returned');
      schema(description, 'Order').required = [
        'id',
        'userId',
        'status',
        'total',
        'placedAt',
        'cursor',
      ];
      schema(description, 'OrderItem').properties.sku.type = ['string', 'null'];
    });
    assert.deepEqual(breaks.sort(), [
      `${ORDERS}: Money.amount was number and is string`,
      `${ORDERS}: Order.items may be missing`,
      `${ORDERS}: Order.status was "cancelled" | "delivered" | "placed" | "shipped" and is ` +
        '"cancelled" | "delivered" | "placed" | "returned" | "shipped"',
      `${ORDERS}: OrderItem.sku was string and is null | string`,
    ]);
  });

  it('breaks the datasource when a path or a parameter that it sends is gone or another one', async () => {
    const breaks = await breaksWith(({ paths }) => {
      delete paths['/orders/{id}/cancel'];
      const { parameters } = paths['/orders'].get;
      paths['/orders'].get.parameters = parameters.filter(
        ({ name }: Description) => name !== 'status',
      );
      parameters.find(({ name }: Description) => name === 'limit').schema.type = 'string';
    });
    assert.deepEqual([...new Set(breaks)].sort(), [
      'GET /orders: the query parameter limit was number and is string',
      'GET /orders: the query parameter status is gone',
      'POST /orders/{id}/cancel is gone',
    ]);
  });

  it('breaks the datasource when requests must have what they do not have', async () => {
    const breaks = await breaksWith((description) => {
      const { get, post } = description.paths['/orders'];
      get.parameters.push({
        name: 'region',
        in: 'query',
        required: true,
        schema: { type: 'string' },
      });
      post.parameters.push({
        name: 'x-shop',
        in: 'header',
        required: true,
        schema: { type: 'string' },
      });
      const { properties, required } = schema(description, 'PlaceOrderItem');
      properties.size = { type: 'string' };
      required.push('size');
      schema(description, 'Currency').enum.pop();
    });
    assert.deepEqual([...new Set(breaks)].sort(), [
      'GET /orders: requires the query parameter region',
      `POST /orders: requires the header parameter x-shop`,
      'POST /orders: the body\'s currency was "EUR" | "GBP" | "JPY" | "USD" and is "EUR" | "GBP" | "USD"',
      "POST /orders: the body's items requires size",
    ]);
  });

  it('breaks the datasource when a path responds with something else', async () => {
    const breaks = await breaksWith(({ paths }) => {
      const { oneOf } = paths['/orders'].get.responses['200'].content['application/json'].schema;
      oneOf.pop();
      const { responses } = paths['/orders/{id}/cancel'].post;
      responses['202'] = responses['200'];
      delete responses['200'];
    });
    assert.deepEqual([...new Set(breaks)].sort(), [
      'GET /orders: no longer responds with OrderLists, OrderList',
      'POST /orders/{id}/cancel: no longer responds with 200',
    ]);
  });

  it('may change in all that no datasource uses, and gain what is optional', async () => {
    const breaks = await breaksWith((description) => {
      delete description.paths['/orders/{id}'].get;
      const { properties, required } = schema(description, 'Order');
      delete properties.carrier;
      required.splice(required.indexOf('carrier'), 1);
      properties.weight = { type: 'integer' };
      schema(description, 'Order').description = 'Anything.';
      schema(description, 'PlaceOrder').properties.note = { type: 'string' };
      description.paths['/orders'].get.parameters.push({
        name: 'sort',
        in: 'query',
        schema: { type: 'string' },
      });
    });
    assert.deepEqual(breaks, []);
  });
});
