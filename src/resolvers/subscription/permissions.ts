import { authenticated, ownerOrStaff, type PermissionTree } from '../../auth/rules.ts';
import type { RequestContext } from '../../context.ts';
import type { ServiceEvent } from '../../service-event.ts';
import { signedIn } from '../signed-in.ts';

/**
 * Whose order an event is about; at the start of a subscription, whose order it names. The order is loaded:
 * the user that an event names only selects who may be interested.
 */
async function ownerOfChanged(
  event: ServiceEvent | undefined,
  { id }: { id?: string | null },
  context: RequestContext,
): Promise<string> {
  const order = event?.object ?? id;
  if (order == null) return signedIn(context).id;
  return (await context.datasources.orders.byId(order)).customerId;
}

// A rule of a subscription is applied at its start and to every event.
export const permissions: PermissionTree = {
  Subscription: {
    notificationReceived: authenticated('notifications:read'),
    orderChanged: ownerOrStaff('order', ownerOfChanged, 'orders:read'),
  },
};
