import { useState } from 'react';
import { Announcements } from './announcements.tsx';
import { signOut } from './bff.ts';
import { Notifications } from './notifications.tsx';
import { Orders } from './orders.tsx';
import { useAccount } from './use-account.ts';
import { Welcome } from './welcome.tsx';

export function AccountPage() {
  const { account, reload, showMore, cancel, addNotification } = useAccount();
  /** What a screen reader says when something changes. Each change adds a line, so that none is lost. */
  const [spoken, setSpoken] = useState<readonly string[]>([]);
  const say = (text: string) => setSpoken((lines) => [...lines, text]);
  const viewer = account?.viewer;

  return (
    <>
      <header className="bar">
        <a href="/" className="brand">
          <img src="/icon.svg" alt="" width="28" height="28" /> Frontdesk
        </a>
        {viewer && (
          <button type="button" onClick={signOut}>
            Sign out
          </button>
        )}
      </header>
      <main aria-busy={!account}>
        {viewer ? (
          <>
            <h1>{viewer.user ? `Hello, ${viewer.user.name}` : 'Your account'}</h1>
            <p className="muted">{viewer.user?.email}</p>
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
          </>
        ) : (
          account && <Welcome {...{ account, reload }} />
        )}
      </main>
      <div role="log" className="visually-hidden">
        {spoken.map((text, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: lines are only added
          <p key={index}>{text}</p>
        ))}
      </div>
    </>
  );
}
