import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { mobile } from '../../bff-mobile/bff.ts';
import { web } from '../../bff-web/bff.ts';
import type { BffDefinition } from '../../src/bff.ts';
import { purge } from '../support/purge.ts';
import { startWorld, type World } from '../support/world.ts';
import {
  ACCOUNT,
  ME,
  NOTIFICATIONS,
  nextOrders,
  ORDERS,
  OTHER,
  orderOf,
  orderWith,
  PHONE,
  profileOf,
  STAFF,
  unreadOf,
} from './invalidation-copies.ts';
import { CACHED, type Copies, copiesOf, hitsAmong, keep } from './invalidation-desk.ts';

/** A world whose services tell the BFF what others have changed. */
async function startTold(bff: BffDefinition): Promise<World> {
  const world = await startWorld(bff, CACHED);
  for (const { control } of Object.values(world.services)) {
    control.subscribe([`${world.adminUrl}/purge`]);
  }
  return world;
}

interface Straight {
  readonly service: keyof World['services'];
  readonly path: string;
  readonly method?: 'PATCH' | 'POST';
  readonly body?: object;
}

/** Changes something at a service itself. */
async function changeAt(world: World, { service, path, method = 'POST', body }: Straight) {
  const response = await fetch(`${world.services[service].listeningOrigin}${path}`, {
    method,
    headers: { 'content-type': 'application/json', 'idempotency-key': 'straight' },
    body: JSON.stringify(body ?? {}),
  });
  assert.ok(response.ok);
  await response.text();
}

const namesOf = (copies: Copies) => Object.keys(copies);
const { orders, placed, shipped } = ORDERS as Record<string, string>;
const lists = { orders, placed } as Record<string, string>;

describe('what was changed behind the BFF’s back shows at once:', () => {
  const rename: Straight = {
    service: 'user',
    path: `/users/${ME}`,
    method: 'PATCH',
    body: { name: 'A Name Like No Other' },
  };
  const place: Straight = {
    service: 'order',
    path: '/orders',
    body: { userId: ME, currency: 'EUR', items: [{ sku: 'PAPER-NOTE', quantity: 1 }] },
  };

  it('a name', async () => {
    await using world = await startTold(web);
    const others = { ...copiesOf(ME, ORDERS), ...copiesOf(OTHER, ACCOUNT), ...profileOf(OTHER) };
    const copies = { ...copiesOf(ME, ACCOUNT), ...profileOf(ME), ...others };
    await keep(world, copies);
    await changeAt(world, rename);
    assert.deepEqual(await hitsAmong(world, copies), namesOf(others));
  });

  it('an order that was placed', async () => {
    await using world = await startTold(web);
    const others = { ...copiesOf(ME, NOTIFICATIONS), ...copiesOf(OTHER, ORDERS) };
    const mine = { ...copiesOf(ME, lists), ...(await nextOrders(world, ME)) };
    const copies = { ...STAFF, ...mine, ...others };
    await keep(world, copies);
    await changeAt(world, place);
    assert.deepEqual(await hitsAmong(world, copies), [
      'staff: customers',
      'staff: customers by search',
      ...namesOf(others),
    ]);
  });

  it('an order that was cancelled', async () => {
    await using world = await startTold(web);
    const id = await orderWith(world, ME, 'placed');
    const others = {
      ...copiesOf(ME, { shipped } as Record<string, string>),
      ...copiesOf(OTHER, ORDERS),
    };
    const copies = { ...copiesOf(ME, lists), ...orderOf(ME, id), ...others };
    await keep(world, copies);
    await changeAt(world, { service: 'order', path: `/orders/${id}/cancel` });
    assert.deepEqual(await hitsAmong(world, copies), namesOf(others));
  });

  it('notifications that were read', async () => {
    await using world = await startTold(web);
    const others = { ...copiesOf(ME, ORDERS), ...copiesOf(OTHER, NOTIFICATIONS) };
    const copies = { ...copiesOf(ME, NOTIFICATIONS), ...others };
    await keep(world, copies);
    const ids = await unreadOf(world, ME, 2);
    const body = { userId: ME, ids };
    await changeAt(world, { service: 'notification', path: '/notifications/read', body });
    assert.deepEqual(await hitsAmong(world, copies), namesOf(others));
  });

  it('all of it on the phone’s first screen', async () => {
    await using world = await startTold(mobile);
    const copies = { ...copiesOf(ME, PHONE), ...copiesOf(OTHER, PHONE) };
    await keep(world, copies);
    for (const change of [rename, place]) {
      await changeAt(world, change);
      const hits = await hitsAmong(world, copies);
      assert.equal(hits.includes(`${ME}: dashboard`), false);
      assert.deepEqual(
        hits.filter((name) => name.startsWith(OTHER)),
        namesOf(copiesOf(OTHER, PHONE)),
      );
    }
  });

  it('also what nobody learned of who asked for it', async () => {
    await using world = await startTold(web);
    const copies = copiesOf(ME, lists);
    await keep(world, copies);
    world.services.order.control.faults({ placeOrder: { reset: true, afterWork: true } });
    await assert.rejects(changeAt(world, place));
    world.services.order.control.clear();
    assert.deepEqual(await hitsAmong(world, copies), []);
  });
});

describe('by hand', () => {
  const copies = {
    ...copiesOf(ME, { ...ORDERS, ...NOTIFICATIONS }),
    ...copiesOf(OTHER, lists),
    ...STAFF,
    ...profileOf(ME),
    announcements: { query: '{ announcements { title } }' },
  };
  const purges: Readonly<Record<string, readonly string[]>> = {
    Order: [
      ...namesOf(copiesOf(ME, NOTIFICATIONS)),
      'staff: customers',
      'staff: customers by search',
      `profile ${ME}`,
      'announcements',
    ],
    'Query.announcements': namesOf(copies).filter((name) => name !== 'announcements'),
    'Query.viewer': namesOf(copies).filter((name) => !/^4[23]:/.test(name)),
    orders: namesOf(copies).filter(
      (name) => !/^4[23]: (.*orders|placed|shipped|cancelled)|recent/.test(name),
    ),
    unread: namesOf(copies).filter((name) => name !== `${ME}: unread count`),
    users: namesOf(copies).filter((name) => !name.includes('customers')),
    [`User:${ME}`]: namesOf(copies).filter(
      (name) => name !== `profile ${ME}` && !name.includes('customers'),
    ),
  };
  for (const [tag, rest] of Object.entries(purges)) {
    it(`a purge of ${tag} leaves what does not have the tag`, async () => {
      await using world = await startWorld(web, CACHED);
      await keep(world, copies);
      await purge(world, tag);
      assert.deepEqual(await hitsAmong(world, copies), rest);
      assert.deepEqual(await hitsAmong(world, copies), namesOf(copies), 'and all is kept again');
    });
  }
});
