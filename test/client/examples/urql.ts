import { Client, fetchExchange } from '@urql/core';
import { cacheExchange } from '@urql/exchange-graphcache';
import { relayPagination } from '@urql/exchange-graphcache/extras';
import { persistedExchange } from '@urql/exchange-persisted';
import { type DocumentNode, getOperationAST } from 'graphql';
import type { ErrorCode } from '../../../clients/web/error-codes.ts';
import {
  CancelOrderDocument,
  OrderDetailDocument,
  OrderListDocument,
  type OrderListQuery,
} from '../../../clients/web/graphql.ts';
import { OPERATION_IDS } from '../../../clients/web/operation-ids.ts';
import type { OrdersView } from './orders.ts';

const idOf = (document: DocumentNode): string =>
  OPERATION_IDS[getOperationAST(document)?.name?.value as keyof typeof OPERATION_IDS];

// Types without an id are parts of the object that has them.
const EMBEDDED = () => null;

export function createOrdersView(url: string, token: string, send = fetch): OrdersView {
  const client = new Client({
    url,
    fetch: send,
    fetchOptions: { headers: { authorization: `Bearer ${token}` } },
    exchanges: [
      cacheExchange({
        keys: { Money: EMBEDDED, OrderItem: EMBEDDED, UserError: EMBEDDED },
        resolvers: { Viewer: { orders: relayPagination() } },
      }),
      persistedExchange({
        generateHash: async (_text, document) => idOf(document as DocumentNode),
        preferGetForPersistedQueries: 'force',
        enforcePersistedQueries: true,
        enableForMutation: true,
      }),
      fetchExchange,
    ],
  });
  let shown: OrderListQuery | undefined;

  return {
    show(onOrders) {
      client.query(OrderListDocument, { first: 10 }).subscribe(({ data }) => {
        shown = data;
        onOrders(data?.viewer?.orders?.edges.map(({ node }) => node) ?? []);
      });
    },

    // relayPagination adds the page to those that the list has, and the list is shown again.
    async showMore() {
      const pageInfo = shown?.viewer?.orders?.pageInfo;
      if (!pageInfo?.hasNextPage) return false;
      await client.query(OrderListDocument, { first: 10, after: pageInfo.endCursor });
      return true;
    },

    async cancel(id) {
      const { error } = await client.mutation(CancelOrderDocument, { id });
      if (error) throw error;
    },

    async statusOf(id) {
      const { data, error } = await client.query(OrderDetailDocument, { id });
      if (error?.networkError) throw error.networkError;
      return (
        data?.order?.status ?? (error?.graphQLErrors[0]?.extensions.code as ErrorCode | undefined)
      );
    },
  };
}
