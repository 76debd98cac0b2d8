import { useState } from 'react';
import { AccountParts } from './account-parts.tsx';
import { signOut } from './bff.ts';
import { useAccount } from './use-account.ts';
import { Welcome } from './welcome.tsx';

export function AccountPage() {
  const { account, ...actions } = useAccount();
  const [isSignOutFailed, setSignOutFailed] = useState(false);
  const viewer = account?.viewer;

  return (
    <>
      <header className="bar">
        <a href="/" className="brand">
          <img src="/icon.svg" alt="" width="28" height="28" /> Frontdesk
        </a>
        {viewer && (
          <button type="button" onClick={async () => setSignOutFailed(!(await signOut()))}>
            Sign out
          </button>
        )}
      </header>
      <main aria-busy={!account}>
        {viewer && isSignOutFailed && <p role="alert">You are still signed in. Try again.</p>}
        {viewer ? (
          // The key: nothing of one user, such as the stream of notifications, is left for another one.
          <AccountParts key={viewer.id} {...{ account, viewer }} {...actions} />
        ) : (
          account && <Welcome account={account} reload={actions.reload} />
        )}
      </main>
    </>
  );
}
