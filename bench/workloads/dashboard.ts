import { userDataOf } from '../upstream/data.ts';

/** The answer to this user's FANOUT_QUERY that every peer must give, computed from the upstream's data. */
export function expectedDashboard(userId: string) {
  const { user, orders, notifications } = userDataOf(userId);
  return {
    data: {
      dashboard: {
        user: { id: user.id, name: user.name },
        orders: orders.map(({ id, status, total, items }) => ({
          id,
          status: status.toUpperCase(),
          total,
          items: items.map(({ sku, quantity }) => ({ sku, quantity })),
        })),
        notifications: notifications.map(({ id, kind, createdAt }) => ({
          id,
          kind: kind.toUpperCase(),
          createdAt,
        })),
      },
    },
  };
}
