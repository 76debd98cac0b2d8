import { Announcements } from './announcements.tsx';
import type { Account } from './use-account.ts';

interface Props {
  readonly account: Account;
  readonly reload: () => void;
}

/** What the page shows to those who are not signed in, or if nothing could be loaded. */
export const Welcome = ({ account: { problem, announcements }, reload }: Props) => (
  <div className="welcome">
    <section className="card">
      <h1>Your account</h1>
      {problem ? (
        <>
          <p role="alert">{problem.message}</p>
          <button type="button" className="primary" onClick={reload}>
            Try again
          </button>
        </>
      ) : (
        <>
          <p className="muted">Sign in to see your orders and notifications.</p>
          <a href="/auth/login" className="button primary">
            Sign in
          </a>
        </>
      )}
    </section>
    {announcements && <Announcements list={announcements} reload={reload} />}
  </div>
);
