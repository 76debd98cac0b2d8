import { CAST } from '../../services/support/cast.ts';
import type { World } from '../support/world.ts';

/** An order of user 42's that can still be cancelled. */
export async function placedOrder(world: World): Promise<{ id: string }> {
  const { orders } = await world.read('order', `/orders?user=${CAST.customer}&status=placed`);
  return { id: orders[0].id };
}

/** An order of user 42's, whatever its status. */
export async function anyOrder(world: World): Promise<{ id: string }> {
  const { orders } = await world.read('order', `/orders?user=${CAST.customer}`);
  return { id: orders[0].id };
}

/** Variables with which the mutations of every BFF succeed for user 42. */
export const mutationExamples = {
  CancelOrder: placedOrder,
  MarkNotificationsRead: async (world: World) => {
    const page = await world.read('notification', `/notifications?user=${CAST.customer}&limit=2`);
    return { ids: page.notifications.map(({ id }: { id: string }) => id) };
  },
  PlaceOrder: () => ({
    input: {
      idempotencyKey: 'example-1',
      currency: 'EUR',
      items: [{ sku: 'PAPER-NOTE', quantity: 2 }],
    },
  }),
  UpdateProfile: () => ({ input: { avatarUrl: null } }),
};
