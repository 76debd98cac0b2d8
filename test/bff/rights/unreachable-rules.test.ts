import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { web } from '../../../bff-web/bff.ts';
import { CAST } from '../../../services/support/cast.ts';
import { authenticated } from '../../../src/auth/rules.ts';
import { type Environment, type Json, startEnvironment } from '../../support/environment.ts';

// No customer can reach these rules while the lists of all customers' objects are closed to them.
// They protect the objects on the day when a list is opened.
describe('With a list of all customers open to every customer', () => {
  let environment: Environment;
  before(async () => {
    const Query = {
      ...web.permissions.Query,
      recentOrders: authenticated(),
      customers: authenticated(),
    };
    environment = await startEnvironment({ ...web, permissions: { ...web.permissions, Query } });
  });
  after(() => environment[Symbol.asyncDispose]());

  it("the customer of another's order is not found", async () => {
    const query = '{ recentOrders(first: 50) { customer { id name } } }';
    const all: Json[] = (await environment.send(query, { as: 'staff' })).body.data.recentOrders;
    const customerId = all.find(({ customer }) => customer)?.customer.id;
    const { body } = await environment.send(query, { as: customerId });

    const visible = body.data.recentOrders.flatMap(({ customer }: Json) => customer?.id ?? []);
    assert.deepEqual([...new Set(visible)], [customerId]);
    assert.deepEqual(codesOf(body), ['NOT_FOUND']);
  });

  it('the orders of another customer are not found', async () => {
    const { body } = await environment.send(
      `{ customers(search: "Mateo Fernández") { edges { node { id orders { edges { node { id } } } } } } }`,
      { as: CAST.customer },
    );
    const [found] = body.data.customers.edges;
    assert.deepEqual(found.node, { id: CAST.otherCustomer, orders: null });
    assert.deepEqual(codesOf(body), ['NOT_FOUND']);
  });
});

const codesOf = ({ errors }: Json): string[] => [
  ...new Set<string>(errors.map(({ extensions }: Json) => extensions.code)),
];
