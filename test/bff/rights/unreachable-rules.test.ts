import assert from 'node:assert/strict';
import { test } from 'node:test';
import { web } from '../../../bff-web/bff.ts';
import { CAST } from '../../../services/support/cast.ts';
import { authenticated } from '../../../src/auth/rules.ts';
import type { BffDefinition } from '../../../src/bff.ts';
import { type Json, startEnvironment } from '../../support/environment.ts';

// No customer gets as far as these rules while the lists of everyone are closed to them. They are
// there for the day when a list is opened.
const opened: BffDefinition = {
  ...web,
  permissions: {
    ...web.permissions,
    Query: { ...web.permissions.Query, recentOrders: authenticated(), customers: authenticated() },
  },
};

test('who placed an order stays hidden from other customers, even in a list that is open', async () => {
  await using environment = await startEnvironment(opened);
  const query = '{ recentOrders(first: 50) { customer { id name } } }';

  const all: Json[] = (await environment.send(query, { as: 'staff' })).body.data.recentOrders;
  const somebody = all.find(({ customer }) => customer)?.customer.id;
  const { body } = await environment.send(query, { as: somebody });

  const seen = body.data.recentOrders.flatMap(({ customer }: Json) => customer?.id ?? []);
  assert.deepEqual([...new Set(seen)], [somebody]);
  assert.deepEqual(codesOf(body), ['NOT_FOUND']);
});

test('what somebody ordered stays hidden from other customers, even in a list that is open', async () => {
  await using environment = await startEnvironment(opened);
  const { body } = await environment.send(
    `{ customers(search: "Mateo Fernández") { edges { node { id orders { edges { node { id } } } } } } }`,
    { as: CAST.customer },
  );
  const [found] = body.data.customers.edges;
  assert.deepEqual(found.node, { id: CAST.otherCustomer, orders: null });
  assert.deepEqual(codesOf(body), ['NOT_FOUND']);
});

const codesOf = ({ errors }: Json): string[] => [
  ...new Set<string>(errors.map(({ extensions }: Json) => extensions.code)),
];
