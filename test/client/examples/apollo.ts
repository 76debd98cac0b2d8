import { ApolloClient, ApolloLink, HttpLink, InMemoryCache } from '@apollo/client';
import { CombinedGraphQLErrors } from '@apollo/client/errors';
import { createPersistedQueryLink } from '@apollo/client/link/persisted-queries';
import { relayStylePagination } from '@apollo/client/utilities';
import type { ErrorCode } from '../../../clients/web/error-codes.ts';
import {
  CancelOrderDocument,
  OrderDetailDocument,
  OrderListDocument,
} from '../../../clients/web/graphql.ts';
import type { OrdersView } from './orders.ts';

async function sha256(text: string): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text));
  return new Uint8Array(digest).toHex();
}

export const createClient = (url: string, token: string, send = fetch): ApolloClient =>
  new ApolloClient({
    cache: new InMemoryCache({
      // Pages of one list are merged. Lists with different statuses are kept apart.
      typePolicies: { Viewer: { fields: { orders: relayStylePagination(['status']) } } },
    }),
    link: ApolloLink.from([
      createPersistedQueryLink({ sha256, useGETForHashedQueries: true }),
      new HttpLink({ uri: url, headers: { authorization: `Bearer ${token}` }, fetch: send }),
    ]),
  });

export function createOrdersView(url: string, token: string, send = fetch): OrdersView {
  const client = createClient(url, token, send);
  const list = client.watchQuery({
    query: OrderListDocument,
    variables: { first: 10 },
    // By default, an error of one field discards all others.
    errorPolicy: 'all',
  });

  return {
    show(onOrders) {
      list.subscribe(({ data, dataState }) => {
        if (dataState === 'complete')
          onOrders(data.viewer?.orders?.edges.map(({ node }) => node) ?? []);
      });
    },

    async showMore() {
      const { data } = list.getCurrentResult();
      const pageInfo = data?.viewer?.orders?.pageInfo;
      if (!pageInfo?.hasNextPage) return false;
      await list.fetchMore({ variables: { after: pageInfo.endCursor } });
      return true;
    },

    // The response has the id and the new status: every list with this order shows it.
    async cancel(id) {
      await client.mutate({ mutation: CancelOrderDocument, variables: { id } });
    },

    async statusOf(id) {
      try {
        const { data } = await client.query({ query: OrderDetailDocument, variables: { id } });
        return data?.order?.status;
      } catch (error) {
        if (!CombinedGraphQLErrors.is(error)) throw error;
        return error.errors[0]?.extensions?.code as ErrorCode;
      }
    },
  };
}
