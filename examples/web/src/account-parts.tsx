import { useState } from 'react';
import { Announcements } from './announcements.tsx';
import { Notifications } from './notifications.tsx';
import { Orders } from './orders.tsx';
import type { Account, useAccount, Viewer } from './use-account.ts';

interface Props extends Omit<ReturnType<typeof useAccount>, 'account'> {
  readonly account: Account;
  readonly viewer: Viewer;
}

/** What a signed-in user sees. */
export function AccountParts(props: Props) {
  const { account, viewer, reload, showMore, cancel, addNotification } = props;
  /** What a screen reader says when something changes. Each change adds a line, so that none is lost. */
  const [spoken, setSpoken] = useState<readonly string[]>([]);
  const say = (text: string) => setSpoken((lines) => [...lines, text]);

  return (
    <>
      <h1>{viewer.user ? `Hello, ${viewer.user.name}` : 'Your account'}</h1>
      <p className="muted">{viewer.user?.email}</p>
      {account.problem && <p role="alert">{account.problem.message}</p>}
      <div className="columns">
        <Orders page={viewer.orders} {...{ reload, showMore, cancel, say }} />
        <aside>
          <Notifications
            list={viewer.notifications}
            unreadCount={viewer.unreadCount}
            {...{ reload, addNotification, say }}
          />
          <Announcements list={account.announcements} reload={reload} />
        </aside>
      </div>
      <div role="log" className="visually-hidden">
        {spoken.map((text, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: lines are only added
          <p key={index}>{text}</p>
        ))}
      </div>
    </>
  );
}
