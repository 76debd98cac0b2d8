import { formatMoment } from '../../shared/format.ts';
import { DashboardParts } from './dashboard-parts.tsx';
import { useDashboard } from './use-dashboard.ts';

export function PhonePage() {
  const { shown, isLoading, problem, refresh } = useDashboard();
  const user = shown?.dashboard.user;

  return (
    <>
      <header className="bar">
        <span className="brand">
          <img src="/icon.svg" alt="" width="28" height="28" /> Frontdesk
        </span>
        <button type="button" onClick={refresh} disabled={isLoading}>
          {isLoading ? 'Loading…' : 'Refresh'}
        </button>
      </header>
      <main aria-busy={isLoading}>
        <h1>{user ? `Hello, ${user.name.split(' ')[0]}` : 'Hello'}</h1>
        <div role="status">
          {problem && <p className="notice">{problem.message}</p>}
          {shown && (
            <p className="muted">
              {problem ? 'A copy from' : 'Updated'} {formatMoment(shown.loadedAt)}
            </p>
          )}
        </div>
        {shown && <DashboardParts dashboard={shown.dashboard} onRetry={refresh} />}
      </main>
    </>
  );
}
