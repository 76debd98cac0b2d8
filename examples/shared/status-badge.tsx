import type { OrderStatus } from '../../clients/web/graphql.ts';

const LABELS: Record<OrderStatus, string> = {
  PLACED: 'Placed',
  SHIPPED: 'On its way',
  DELIVERED: 'Delivered',
  CANCELLED: 'Cancelled',
};

export const StatusBadge = ({ status }: { status: OrderStatus }) => (
  <span className="badge" data-status={status}>
    {LABELS[status]}
  </span>
);
