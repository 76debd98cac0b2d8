import { Client, fetchExchange } from '@urql/core';
import { cacheExchange } from '@urql/exchange-graphcache';
import { relayPagination } from '@urql/exchange-graphcache/extras';
import { persistedExchange } from '@urql/exchange-persisted';
import { initGraphQLTada, type ResultOf } from 'gql.tada';
import type { ErrorCode } from '../../../clients/web/error-codes.ts';
import type { introspection } from '../../../clients/web/introspection.ts';
import type { OrdersView } from './orders.ts';

// Types of documents are inferred from the schema, without a generator.
const graphql = initGraphQLTada<{
  introspection: introspection;
  scalars: { DateTime: string; ID: string; MinorUnits: number };
}>();

const ORDERS = graphql(`
  query MyOrders($first: Int!, $after: String) {
    viewer {
      id
      orders(first: $first, after: $after) {
        edges {
          node {
            id
            status
          }
        }
        pageInfo {
          hasNextPage
          endCursor
        }
      }
    }
  }
`);

const STATUS = graphql(`
  query MyOrderStatus($id: ID!) {
    order(id: $id) {
      id
      status
    }
  }
`);

const CANCEL = graphql(`
  mutation CancelMyOrder($id: ID!) {
    cancelOrder(id: $id) {
      order {
        id
        status
      }
    }
  }
`);

export function createOrdersView(url: string, token: string, send = fetch): OrdersView {
  const client = new Client({
    url,
    fetch: send,
    fetchOptions: { headers: { authorization: `Bearer ${token}` } },
    exchanges: [
      cacheExchange({ resolvers: { Viewer: { orders: relayPagination() } } }),
      // The BFF does not know these documents: who requests one first sends its text, too.
      persistedExchange({ preferGetForPersistedQueries: 'force' }),
      fetchExchange,
    ],
  });
  let shown: ResultOf<typeof ORDERS> | undefined;

  return {
    show(onOrders) {
      client.query(ORDERS, { first: 10 }).subscribe(({ data }) => {
        shown = data;
        onOrders(data?.viewer?.orders?.edges.map(({ node }) => node) ?? []);
      });
    },

    async showMore() {
      const pageInfo = shown?.viewer?.orders?.pageInfo;
      if (!pageInfo?.hasNextPage) return false;
      await client.query(ORDERS, { first: 10, after: pageInfo.endCursor });
      return true;
    },

    async cancel(id) {
      const { error } = await client.mutation(CANCEL, { id });
      if (error) throw error;
    },

    async statusOf(id) {
      const { data, error } = await client.query(STATUS, { id });
      if (error?.networkError) throw error.networkError;
      return data?.order?.status ?? (error?.graphQLErrors[0]?.extensions.code as ErrorCode);
    },
  };
}
