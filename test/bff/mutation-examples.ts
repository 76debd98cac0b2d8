import { CAST } from '../../services/support/cast.ts';
import type { Environment } from '../support/environment.ts';

/** An order of user 42's that can still be cancelled. */
export async function placedOrder(environment: Environment): Promise<{ id: string }> {
  const { orders } = await environment.read('order', `/orders?user=${CAST.customer}&status=placed`);
  return { id: orders[0].id };
}

/** An order of user 42's, whatever its status. */
export async function anyOrder(environment: Environment): Promise<{ id: string }> {
  const { orders } = await environment.read('order', `/orders?user=${CAST.customer}`);
  return { id: orders[0].id };
}

/** Variables with which the mutations of every BFF succeed for user 42. */
export const mutationExamples = {
  CancelOrder: placedOrder,
  MarkNotificationsRead: async (environment: Environment) => {
    const page = await environment.read(
      'notification',
      `/notifications?user=${CAST.customer}&limit=2`,
    );
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
