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

/** Notifications as they arrive, in a visible tab. EventSource connects again by itself, until the server ends the stream. */
export function useLiveNotifications(handlers: Handlers): Connection {
  const [connection, setConnection] = useState<Connection>('connecting');
  const onNotification = useEffectEvent(handlers.onNotification);
  const onGap = useEffectEvent(handlers.onGap);

  useEffect(() => {
    let source: EventSource | undefined;
    let retry: ReturnType<typeof setTimeout>;
    let hasConnected = false;

    function connect() {
      const opened = new EventSource(bff.streamUrl('OnNotificationReceived'));
      source = opened;
      opened.addEventListener('open', () => {
        setConnection('live');
        if (hasConnected) onGap();
        hasConnected = true;
      });
      opened.addEventListener('next', ({ data }) => {
        const event: { data?: OnNotificationReceivedSubscription } = JSON.parse(data);
        const received = event.data?.notificationReceived;
        if (received) onNotification({ ...received, readAt: null });
      });
      opened.addEventListener('complete', reconnectLater);
      opened.addEventListener('error', () => {
        setConnection('connecting');
        if (opened.readyState === EventSource.CLOSED) reconnectLater();
      });
    }

    function disconnect() {
      source?.close();
      clearTimeout(retry);
      setConnection('connecting');
    }

    // The session's token was not renewed, for example: the new request renews it, or shows that the session is over.
    function reconnectLater() {
      disconnect();
      retry = setTimeout(connect, RETRY_MS);
    }

    // Over HTTP/1.1, browsers open at most six connections to one origin: hidden tabs leave them to the others.
    function connectIfVisible() {
      disconnect();
      if (!document.hidden) connect();
    }

    connectIfVisible();
    document.addEventListener('visibilitychange', connectIfVisible);
    return () => {
      document.removeEventListener('visibilitychange', connectIfVisible);
      disconnect();
    };
  }, []);

  return connection;
}
