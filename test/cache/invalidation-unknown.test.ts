import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { web } from '../../bff-web/bff.ts';
import type { Fault } from '../../services/support/faults.ts';
import { startWorld, type World } from '../support/world.ts';
import {
  ACCOUNT,
  cancel,
  ME,
  markRead,
  NOTIFICATIONS,
  ORDERS,
  OTHER,
  orderOf,
  orderWith,
  place,
  profileOf,
  rename,
  unreadOf,
} from './invalidation-copies.ts';
import { CACHED, type Copies, type Copy, copiesOf, hitsAmong, keep } from './invalidation-desk.ts';
import { lose, seeUnkept } from './invalidation-losses.ts';

/** How the outcome is lost of what was done. */
const LOST: Readonly<Record<string, Fault>> = {
  'the connection breaks': { reset: true, afterWork: true },
  'the service says that it failed': { status: 500, afterWork: true },
  'the service never answers': { hang: true, afterWork: true },
  'the answer is half of one': { malformed: 'json' },
};

interface Lost {
  readonly operation: string;
  readonly service: keyof World['services'];
  readonly change: (world: World) => Promise<Copy> | Copy;
  readonly concerned: (world: World) => Promise<Copies> | Copies;
  readonly others: Copies;
}

const { orders, placed, cancelled, shipped } = ORDERS as Record<string, string>;

const CHANGES: Readonly<Record<string, Lost>> = {
  'a profile’s update': {
    operation: 'updateUser',
    service: 'user',
    change: () => rename('A Name Like No Other'),
    concerned: () => ({ ...copiesOf(ME, ACCOUNT), ...profileOf(ME) }),
    others: { ...copiesOf(ME, { ...ORDERS, ...NOTIFICATIONS }), ...profileOf(OTHER) },
  },
  'an order’s placing': {
    operation: 'placeOrder',
    service: 'order',
    change: () => place(),
    concerned: () => copiesOf(ME, { orders, placed } as Record<string, string>),
    others: { ...copiesOf(ME, NOTIFICATIONS), ...copiesOf(OTHER, ORDERS) },
  },
  'an order’s cancelling': {
    operation: 'cancelOrder',
    service: 'order',
    change: async (world) => cancel(await orderWith(world, ME, 'placed')),
    concerned: async (world) => ({
      ...copiesOf(ME, { orders, placed, cancelled } as Record<string, string>),
      ...orderOf(ME, await orderWith(world, ME, 'placed')),
    }),
    others: {
      ...copiesOf(ME, { shipped, ...NOTIFICATIONS } as Record<string, string>),
      ...copiesOf(OTHER, ORDERS),
    },
  },
  'an order’s cancelling by staff': {
    operation: 'cancelOrder',
    service: 'order',
    change: async (world) => cancel(await orderWith(world, OTHER, 'placed'), 'staff'),
    concerned: async (world) => ({
      ...copiesOf(OTHER, { orders, placed, cancelled } as Record<string, string>),
      ...orderOf(OTHER, await orderWith(world, OTHER, 'placed')),
    }),
    others: { ...copiesOf(OTHER, NOTIFICATIONS), ...profileOf(OTHER) },
  },
  'the reading of notifications': {
    operation: 'markRead',
    service: 'notification',
    change: async (world) => markRead(await unreadOf(world, ME, 2)),
    concerned: () => copiesOf(ME, NOTIFICATIONS),
    others: { ...copiesOf(ME, ORDERS), ...copiesOf(OTHER, NOTIFICATIONS) },
  },
};

for (const [what, { operation, service, change, concerned, others }] of Object.entries(CHANGES)) {
  describe(`what ${what} may have changed is not kept for a while`, () => {
    for (const [how, fault] of Object.entries(LOST)) {
      it(`where ${how}`, async () => {
        await using world = await startWorld(web, CACHED);
        const changed = await change(world);
        const copies = await concerned(world);
        await keep(world, { ...copies, ...others });
        world.services[service].control.faults({ [operation]: fault });
        await lose(world, changed);
        await seeUnkept(world, copies);
        assert.deepEqual(await hitsAmong(world, others), Object.keys(others));
      });
    }
  });
}
