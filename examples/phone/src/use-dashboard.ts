import { useCallback, useEffect, useState } from 'react';
import type { BffError } from '../../shared/bff-client.ts';
import { bff } from './bff.ts';
import { type Copy, deleteCopy, readCopy, storeCopy } from './stored-copy.ts';

export type Dashboard = Copy['dashboard'];

/**
 * The first screen, in one request. The stored copy is shown until the response is there, and if there is none.
 * Responses without all of their parts are shown, but not stored. The copy is deleted when the token is refused.
 */
export function useDashboard() {
  const [shown, setShown] = useState<Copy | undefined>(readCopy);
  const [isLoading, setLoading] = useState(true);
  /** Why the copy is shown, or nothing. */
  const [problem, setProblem] = useState<BffError>();

  const load = useCallback(async (cache?: RequestCache) => {
    setLoading(true);
    const { data, errors } = await bff.query('Dashboard', {}, cache);
    setLoading(false);
    setProblem(data?.dashboard ? undefined : errors[0]);
    if (!data?.dashboard) {
      const isSignedOut = errors.some(({ extensions }) => extensions.code === 'UNAUTHENTICATED');
      if (!isSignedOut) return;
      deleteCopy();
      return setShown(undefined);
    }
    const loaded = { dashboard: data.dashboard, loadedAt: Date.now() };
    setShown(loaded);
    if (errors.length === 0) storeCopy(loaded);
  }, []);

  useEffect(() => {
    const loadAgain = () => void load();
    loadAgain();
    addEventListener('online', loadAgain);
    return () => removeEventListener('online', loadAgain);
  }, [load]);

  return {
    shown,
    isLoading,
    problem,
    /** Asks for data as they are now, and not for a stored response of the BFF. */
    refresh: () => load('reload'),
  };
}
