import { useEffect, useEffectEvent, useState } from 'react';
import type { OnNotificationReceivedSubscription } from '../../../clients/web/graphql.ts';
import { bff } from './bff.ts';
import type { Notification } from './use-account.ts';

export type Connection = 'live' | 'connecting';

interface Handlers {
  readonly onNotification: (notification: Notification) => void;
  /** Called when events may have been missed: load what is shown. */
  readonly onGap: () => void;
}

const RETRY_MS = 5_000;

/** Notifications as they arrive. EventSource connects again by itself, until the server ends the stream. */
export function useLiveNotifications(handlers: Handlers): Connection {
  const [connection, setConnection] = useState<Connection>('connecting');
  const onNotification = useEffectEvent(handlers.onNotification);
  const onGap = useEffectEvent(handlers.onGap);

  useEffect(() => {
    let source: EventSource;
    let retry: ReturnType<typeof setTimeout>;
    let hasConnected = false;

    function connect() {
      source = new EventSource(bff.streamUrl('OnNotificationReceived'));
      source.addEventListener('open', () => {
        setConnection('live');
        if (hasConnected) onGap();
        hasConnected = true;
      });
      source.addEventListener('next', ({ data }) => {
        const event: { data?: OnNotificationReceivedSubscription } = JSON.parse(data);
        const received = event.data?.notificationReceived;
        if (received) onNotification({ ...received, readAt: null });
      });
      source.addEventListener('complete', reconnectLater);
      source.addEventListener('error', () => {
        setConnection('connecting');
        if (source.readyState === EventSource.CLOSED) reconnectLater();
      });
    }

    // The session's token was not renewed, for example: the new request renews it, or shows that the session is over.
    function reconnectLater() {
      source.close();
      setConnection('connecting');
      retry = setTimeout(connect, RETRY_MS);
    }

    connect();
    return () => {
      source.close();
      clearTimeout(retry);
    };
  }, []);

  return connection;
}
