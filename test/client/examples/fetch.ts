import type { DocumentTypeDecoration } from '@graphql-typed-document-node/core';
import type { ErrorCode } from '../../../clients/web/error-codes.ts';
import type * as documents from '../../../clients/web/graphql.ts';
import { OPERATION_IDS } from '../../../clients/web/operation-ids.ts';
import type { Order, OrdersView } from './orders.ts';

type Documents = typeof documents;
type Name = keyof typeof OPERATION_IDS;
type Types<N extends Name> =
  Documents[`${N}Document`] extends DocumentTypeDecoration<infer Result, infer Variables>
    ? { result: Result; variables: Variables }
    : never;

interface Answer<T> {
  readonly data?: T | null;
  readonly errors?: readonly {
    readonly message: string;
    readonly extensions: { code: ErrorCode };
  }[];
}

export function createOrdersView(url: string, token: string, send = fetch): OrdersView {
  const authorization = `Bearer ${token}`;
  /** What the BFF has answered, by URL. In a browser, its cache does the same. */
  const answers = new Map<string, { readonly etag: string; readonly answer: unknown }>();

  async function query<N extends Name>(name: N, variables: Types<N>['variables']) {
    const search = new URLSearchParams({
      documentId: OPERATION_IDS[name],
      variables: JSON.stringify(variables),
    });
    const known = answers.get(`${search}`);
    const validator = known && { 'if-none-match': known.etag };
    const response = await send(`${url}?${search}`, { headers: { authorization, ...validator } });
    if (response.status === 304) return known?.answer as Answer<Types<N>['result']>;
    const answer = (await response.json()) as Answer<Types<N>['result']>;
    const etag = response.headers.get('etag');
    if (etag) answers.set(`${search}`, { etag, answer });
    return answer;
  }

  async function mutate<N extends Name>(name: N, variables: Types<N>['variables']) {
    const response = await send(url, {
      method: 'POST',
      headers: { authorization, 'content-type': 'application/json' },
      body: JSON.stringify({ documentId: OPERATION_IDS[name], variables }),
    });
    return (await response.json()) as Answer<Types<N>['result']>;
  }

  const orders = new Map<string, Order>();
  let after: string | null | undefined;
  let changed = () => {};

  async function loadPage(): Promise<void> {
    const { data } = await query('OrderList', { first: 10, after });
    const page = data?.viewer?.orders;
    for (const { node } of page?.edges ?? []) orders.set(node.id, node);
    after = page?.pageInfo.hasNextPage ? page.pageInfo.endCursor : null;
    changed();
  }

  return {
    show(onOrders) {
      changed = () => onOrders([...orders.values()]);
      void loadPage();
    },

    async showMore() {
      if (after == null) return false;
      await loadPage();
      return true;
    },

    async cancel(id) {
      const { data } = await mutate('CancelOrder', { id });
      const order = data?.cancelOrder?.order;
      if (order) orders.set(id, { ...orders.get(id), ...order });
      changed();
    },

    async statusOf(id) {
      const { data, errors } = await query('OrderDetail', { id });
      return data?.order?.status ?? errors?.[0]?.extensions.code;
    },
  };
}
