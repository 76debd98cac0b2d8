import type * as documents from '../../../clients/web/graphql.ts';
import { OPERATION_IDS } from '../../../clients/web/operation-ids.ts';
import { createBffClient } from '../../shared/bff-client.ts';

/** Pages of other sites can't send this header, so they can't use the session (docs/authentication.md). */
export const CSRF_HEADER = { 'x-csrf-protection': '1' };

/** The web BFF. The browser adds the session's cookie by itself. */
export const bff = createBffClient<typeof documents, typeof OPERATION_IDS>(OPERATION_IDS, {
  headers: CSRF_HEADER,
});

/**
 * Ends the session here, and goes to the provider, which ends its own and comes back.
 * @returns false if the user is still signed in
 */
export async function signOut(): Promise<boolean> {
  const response = await fetch('/auth/logout', { method: 'POST', headers: CSRF_HEADER }).catch(
    () => undefined,
  );
  if (!response?.ok) return false;
  const { logoutUrl } = await response.json();
  location.assign(logoutUrl ?? '/');
  return true;
}
