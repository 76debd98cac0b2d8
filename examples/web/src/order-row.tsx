import { formatMoney } from '../../shared/format.ts';
import { Moment } from '../../shared/moment.tsx';
import { StatusBadge } from '../../shared/status-badge.tsx';
import type { Order } from './use-account.ts';

interface Props {
  readonly order: Order;
  readonly onCancel: () => void;
}

export const OrderRow = ({ order: { id, status, placedAt, total }, onCancel }: Props) => (
  <li id={`order-${id}`} tabIndex={-1}>
    <span>
      <strong>Order {id}</strong>
      <small className="muted">
        <Moment at={placedAt} />
      </small>
    </span>
    <StatusBadge status={status} />
    <span className="money">{formatMoney(total)}</span>
    {status === 'PLACED' && (
      <button type="button" aria-label={`Cancel order ${id}`} onClick={onCancel}>
        Cancel
      </button>
    )}
  </li>
);
