import type { AccountQuery } from '../../../clients/web/graphql.ts';
import { Moment } from '../../shared/moment.tsx';
import { Unavailable } from '../../shared/unavailable.tsx';
import type { Notification } from './use-account.ts';
import { useLiveNotifications } from './use-live-notifications.ts';

interface Props {
  readonly list: NonNullable<AccountQuery['viewer']>['notifications'];
  readonly unreadCount: number | null;
  readonly reload: () => void;
  readonly addNotification: (notification: Notification) => void;
  readonly say: (text: string) => void;
}

/** Notifications that arrive later are animated. */
const OPENED_AT = Date.now();

export function Notifications({ list, unreadCount, reload, addNotification, say }: Props) {
  const connection = useLiveNotifications({
    onNotification(notification) {
      addNotification(notification);
      say(`New notification: ${notification.title}`);
    },
    onGap: reload,
  });

  return (
    <section className="card" aria-labelledby="notifications">
      <div className="heading">
        <h2 id="notifications">Notifications</h2>
        <span className="connection" data-state={connection}>
          {connection === 'live' ? 'Live' : 'Connecting…'}
        </span>
      </div>
      {unreadCount !== null && <p className="muted">{unreadCount} unread</p>}
      {!list && <Unavailable part="Notifications" onRetry={reload} />}
      <ul className="list">
        {list?.edges.map(({ node: { id, title, createdAt, readAt } }) => (
          <li key={id} data-unread={readAt === null} data-new={Date.parse(createdAt) > OPENED_AT}>
            <span>
              {title}
              {readAt === null && <span className="visually-hidden"> (unread)</span>}
            </span>
            <small className="muted">
              <Moment at={createdAt} />
            </small>
          </li>
        ))}
      </ul>
    </section>
  );
}
