import { holdingsOf } from '../upstream/data.ts';

/** What every peer must answer to this user's FANOUT_QUERY, by the upstream's data alone. */
export function expectedDashboard(userId: string) {
  const { user, orders, notifications } = holdingsOf(userId);
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
