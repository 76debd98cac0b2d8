import { formatMoney } from '../../shared/format.ts';
import { Moment } from '../../shared/moment.tsx';
import { StatusBadge } from '../../shared/status-badge.tsx';
import { Part } from './part.tsx';
import type { Dashboard } from './use-dashboard.ts';

interface Props {
  readonly dashboard: Dashboard;
  readonly onRetry: () => void;
}

const MAX_ANNOUNCEMENTS = 2;

export function DashboardParts({ dashboard, onRetry }: Props) {
  const { orders, notifications, unreadCount, announcements } = dashboard;
  return (
    <>
      <Part title="Orders" items={orders} onRetry={onRetry}>
        {({ items, placedAt, status, total }) => (
          <>
            <span>
              {items[0]?.name}
              {items.length > 1 && ` and ${items.length - 1} more`}
              <small className="muted">
                <Moment at={placedAt} /> · {formatMoney(total)}
              </small>
            </span>
            <StatusBadge status={status} />
          </>
        )}
      </Part>
      <Part
        title="Notifications"
        items={notifications}
        onRetry={onRetry}
        note={unreadCount !== null && unreadCount > 0 && `${unreadCount} unread`}
      >
        {({ title, createdAt, readAt }) => (
          <span data-unread={readAt === null}>
            {title}
            <small className="muted">
              <Moment at={createdAt} />
            </small>
          </span>
        )}
      </Part>
      <Part
        title="News"
        items={announcements?.slice(0, MAX_ANNOUNCEMENTS) ?? null}
        onRetry={onRetry}
      >
        {({ title, publishedAt }) => (
          <span>
            {title}
            <small className="muted">
              <Moment at={publishedAt} />
            </small>
          </span>
        )}
      </Part>
    </>
  );
}
