import { useCallback, useEffect, useState } from 'react';
import { flushSync } from 'react-dom';
import type { AccountQuery } from '../../../clients/web/graphql.ts';
import type { BffError } from '../../shared/bff-client.ts';
import { bff } from './bff.ts';

export type Viewer = NonNullable<AccountQuery['viewer']>;
export type OrderPage = NonNullable<Viewer['orders']>;
export type Order = OrderPage['edges'][number]['node'];
export type Notification = NonNullable<Viewer['notifications']>['edges'][number]['node'];

/** What the page shows. Parts that could not be loaded are null. */
export interface Account {
  readonly viewer: Viewer | null;
  readonly announcements: AccountQuery['announcements'];
  /** Why nothing could be loaded: there is no viewer, or the page shows what it had before. */
  readonly problem: BffError | undefined;
}

const FIRST_PAGE = 5;
const PAGE = 10;
const MAX_PAGE = 50;

const isSignedOut = (errors: readonly BffError[]): boolean =>
  errors.some(({ extensions }) => extensions.code === 'UNAUTHENTICATED');

/** The account, in one request, and what the user does with it. */
export function useAccount() {
  const [account, setAccount] = useState<Account>();

  const load = useCallback(async (first = FIRST_PAGE) => {
    const { data, errors } = await bff.query('Account', { first });
    const viewer = data?.viewer ?? null;
    const problem = viewer || isSignedOut(errors) ? undefined : errors[0];
    const loaded = { viewer, announcements: data?.announcements ?? null, problem };
    setAccount((now) => (problem && now?.viewer ? { ...now, problem } : loaded));
  }, []);

  useEffect(() => {
    // The browser may keep the page and show it again ("Back"), also after a sign-out: it must not have the data.
    const clear = () => flushSync(() => setAccount(undefined));
    const loadAgain = ({ persisted }: PageTransitionEvent) => void (persisted && load());
    void load();
    addEventListener('pagehide', clear);
    addEventListener('pageshow', loadAgain);
    return () => {
      removeEventListener('pagehide', clear);
      removeEventListener('pageshow', loadAgain);
    };
  }, [load]);

  const changeViewer = useCallback((change: (viewer: Viewer) => Viewer) => {
    setAccount((now) => (now?.viewer ? { ...now, viewer: change(now.viewer) } : now));
  }, []);

  const orders = account?.viewer?.orders;

  return {
    account,

    /** Loads all that is shown again. */
    reload: useCallback(
      () => load(Math.min(Math.max(orders?.edges.length ?? 0, FIRST_PAGE), MAX_PAGE)),
      [load, orders?.edges.length],
    ),

    /** @returns the orders of the next page, or why there are none; undefined if all was loaded again */
    async showMore(): Promise<readonly Order[] | BffError | undefined> {
      const after = orders?.pageInfo.endCursor;
      const { data, errors } = await bff.query('OrderList', { first: PAGE, after });
      const page = data?.viewer?.orders;
      // In another tab, the user may have signed out, and another one signed in.
      const isSameViewer = data?.viewer?.id === account?.viewer?.id;
      if (isSignedOut(errors) || (page && !isSameViewer)) return void (await load());
      if (!page) return errors[0];
      changeViewer((viewer) => {
        const edges = [...(viewer.orders?.edges ?? []), ...page.edges];
        return { ...viewer, orders: { edges, pageInfo: page.pageInfo } };
      });
      return page.edges.map(({ node }) => node);
    },

    /** @returns why the order was not cancelled */
    async cancel(id: string): Promise<string | undefined> {
      const { data, errors } = await bff.mutate('CancelOrder', { id });
      const { order, userErrors = [] } = data?.cancelOrder ?? {};
      if (order) changeViewer((viewer) => withOrder(viewer, order));
      // The session is over, so the page offers the sign-in.
      if (isSignedOut(errors)) await load();
      return userErrors[0]?.message ?? errors[0]?.message;
    },

    addNotification: useCallback(
      (notification: Notification) =>
        changeViewer((viewer) => withNotification(viewer, notification)),
      [changeViewer],
    ),
  };
}

/** The response of a mutation has the id and what has changed. */
function withOrder(viewer: Viewer, changed: Pick<Order, 'id' | 'status'>): Viewer {
  if (!viewer.orders) return viewer;
  const edges = viewer.orders.edges.map(({ node }) => ({
    node: node.id === changed.id ? { ...node, ...changed } : node,
  }));
  return { ...viewer, orders: { ...viewer.orders, edges } };
}

function withNotification(viewer: Viewer, node: Notification): Viewer {
  const known = viewer.notifications?.edges ?? [];
  if (known.some((edge) => edge.node.id === node.id)) return viewer;
  return {
    ...viewer,
    unreadCount: viewer.unreadCount === null ? null : viewer.unreadCount + 1,
    notifications: { edges: [{ node }, ...known] },
  };
}
