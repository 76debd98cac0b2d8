import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import { mobile } from '../../../bff-mobile/bff.ts';
import { web } from '../../../bff-web/bff.ts';
import { hitsAmong, type Queries, queriesAs, warmCache } from '../../cache/environment.ts';
import { changeAt, type ServiceChange } from '../../cache/invalidation-helpers.ts';
import { shareGated } from '../../cache/shared-environment.ts';
import type { Environment } from '../../support/environment.ts';
import {
  ACCOUNT,
  CUSTOMER,
  DASHBOARD,
  NOTIFICATIONS,
  nextPageQuery,
  ORDERS,
  OTHER_CUSTOMER,
  orderIdWithStatus,
  orderQueries,
  profileQuery,
  STAFF,
  unreadIds,
} from './queries.ts';

const namesOf = (copies: Queries) => Object.keys(copies);
const { orders, placed, shipped } = ORDERS as Record<string, string>;
const lists = { orders, placed } as Record<string, string>;

describe('Change event of a service', () => {
  const environment = shareGated(web);
  const mobileEnvironment = shareGated(mobile);
  beforeEach(() => {
    for (const { adminUrl, services } of [environment, mobileEnvironment]) {
      for (const { control } of Object.values(services)) control.subscribe([`${adminUrl}/purge`]);
    }
  });

  const rename: ServiceChange<keyof Environment['services']> = {
    service: 'user',
    path: `/users/${CUSTOMER}`,
    method: 'PATCH',
    body: { name: 'A Name Changed at the Service' },
  };
  const newOrder: ServiceChange<keyof Environment['services']> = {
    service: 'order',
    path: '/orders',
    body: { userId: CUSTOMER, currency: 'EUR', items: [{ sku: 'PAPER-NOTE', quantity: 1 }] },
  };

  it('makes all answers with a changed name stale, and no others', async () => {
    const others = {
      ...queriesAs(CUSTOMER, ORDERS),
      ...queriesAs(OTHER_CUSTOMER, ACCOUNT),
      ...profileQuery(OTHER_CUSTOMER),
    };
    const copies = { ...queriesAs(CUSTOMER, ACCOUNT), ...profileQuery(CUSTOMER), ...others };
    await warmCache(environment, copies);
    await changeAt(environment, rename);
    assert.deepEqual(await hitsAmong(environment, copies), namesOf(others));
  });

  it('makes all answers that list a new order stale, and no others', async () => {
    const others = { ...queriesAs(CUSTOMER, NOTIFICATIONS), ...queriesAs(OTHER_CUSTOMER, ORDERS) };
    const mine = { ...queriesAs(CUSTOMER, lists), ...(await nextPageQuery(environment, CUSTOMER)) };
    const copies = { ...STAFF, ...mine, ...others };
    await warmCache(environment, copies);
    await changeAt(environment, newOrder);
    assert.deepEqual(await hitsAmong(environment, copies), [
      'staff: customers',
      'staff: customers by search',
      ...namesOf(others),
    ]);
  });

  it('makes all answers with a cancelled order stale, and no others', async () => {
    const id = await orderIdWithStatus(environment, CUSTOMER, 'placed');
    const others = {
      ...queriesAs(CUSTOMER, { shipped } as Record<string, string>),
      ...queriesAs(OTHER_CUSTOMER, ORDERS),
    };
    const copies = { ...queriesAs(CUSTOMER, lists), ...orderQueries(CUSTOMER, id), ...others };
    await warmCache(environment, copies);
    await changeAt(environment, { service: 'order', path: `/orders/${id}/cancel` });
    assert.deepEqual(await hitsAmong(environment, copies), namesOf(others));
  });

  it('makes all answers with read notifications stale, and no others', async () => {
    const others = { ...queriesAs(CUSTOMER, ORDERS), ...queriesAs(OTHER_CUSTOMER, NOTIFICATIONS) };
    const copies = { ...queriesAs(CUSTOMER, NOTIFICATIONS), ...others };
    await warmCache(environment, copies);
    const ids = await unreadIds(environment, CUSTOMER, 2);
    const body = { userId: CUSTOMER, ids };
    await changeAt(environment, { service: 'notification', path: '/notifications/read', body });
    assert.deepEqual(await hitsAmong(environment, copies), namesOf(others));
  });

  it('makes the mobile dashboard stale', async () => {
    const copies = { ...queriesAs(CUSTOMER, DASHBOARD), ...queriesAs(OTHER_CUSTOMER, DASHBOARD) };
    await warmCache(mobileEnvironment, copies);
    for (const change of [rename, newOrder]) {
      await changeAt(mobileEnvironment, change);
      const hits = await hitsAmong(mobileEnvironment, copies);
      assert.equal(hits.includes(`${CUSTOMER}: dashboard`), false);
      assert.deepEqual(
        hits.filter((name) => name.startsWith(OTHER_CUSTOMER)),
        namesOf(queriesAs(OTHER_CUSTOMER, DASHBOARD)),
      );
    }
  });
});
