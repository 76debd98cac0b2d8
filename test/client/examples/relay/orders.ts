import {
  commitMutation,
  createOperationDescriptor,
  Environment,
  fetchQuery,
  type GraphQLResponse,
  getRequest,
  graphql,
  Network,
  RecordSource,
  type RequestParameters,
  Store,
  type Variables,
} from 'relay-runtime';
import type { ErrorCode } from '../../../../clients/web/error-codes.ts';
import type { OrdersView } from '../orders.ts';
import type { ordersCancelMutation } from './generated/ordersCancelMutation.graphql.ts';
import type { ordersListQuery, ordersListQuery$data } from './generated/ordersListQuery.graphql.ts';
import type { ordersStatusQuery } from './generated/ordersStatusQuery.graphql.ts';

const LIST = graphql`
  query ordersListQuery($first: Int!, $after: String) {
    viewer {
      orders(first: $first, after: $after) @connection(key: "viewer_orders") {
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
`;

const STATUS = graphql`
  query ordersStatusQuery($id: ID!) {
    order(id: $id) @catch {
      status
    }
  }
`;

const CANCEL = graphql`
  mutation ordersCancelMutation($id: ID!) {
    cancelOrder(id: $id) {
      order {
        status
      }
    }
  }
`;

/** An error of a field, as `@catch` returns it. */
interface FieldError {
  readonly extensions: { readonly code: ErrorCode };
}

export function createEnvironment(url: string, token: string, send = fetch): Environment {
  const authorization = `Bearer ${token}`;

  // Each operation has the id that relay-compiler has put into its manifest (`persistConfig`).
  async function request({ id, operationKind }: RequestParameters, variables: Variables) {
    const isQuery = operationKind === 'query';
    const search = new URLSearchParams({
      documentId: `${id}`,
      variables: JSON.stringify(variables),
    });
    const response = isQuery
      ? await send(`${url}?${search}`, { headers: { authorization } })
      : await send(url, {
          method: 'POST',
          headers: { authorization, 'content-type': 'application/json' },
          body: JSON.stringify({ documentId: id, variables }),
        });
    return (await response.json()) as GraphQLResponse;
  }

  return new Environment({
    network: Network.create(request),
    store: new Store(new RecordSource()),
    // Must be the field that `nodeInterfaceIdField` names for the compiler.
    getDataID: ({ nodeId }) => nodeId,
  });
}

export function createOrdersView(url: string, token: string, send = fetch): OrdersView {
  const environment = createEnvironment(url, token, send);
  const list = createOperationDescriptor(getRequest(LIST), { first: 10 });
  // With react-relay, usePaginationFragment does what `read` and `subscribe` do here.
  const read = () => environment.lookup(list.fragment).data as unknown as ordersListQuery$data;

  return {
    show(onOrders) {
      const show = () => onOrders(read().viewer?.orders?.edges.map(({ node }) => node) ?? []);
      environment.retain(list);
      environment.subscribe(environment.lookup(list.fragment), show);
      fetchQuery<ordersListQuery>(environment, LIST, { first: 10 }).subscribe({});
    },

    async showMore() {
      const pageInfo = read().viewer?.orders?.pageInfo;
      if (!pageInfo?.hasNextPage) return false;
      const variables = { first: 10, after: pageInfo.endCursor };
      await fetchQuery<ordersListQuery>(environment, LIST, variables).toPromise();
      return true;
    },

    cancel(id) {
      return new Promise((resolve, reject) => {
        commitMutation<ordersCancelMutation>(environment, {
          mutation: CANCEL,
          variables: { id },
          onCompleted: () => resolve(),
          onError: reject,
        });
      });
    },

    // Without @catch, a field with an error is null.
    async statusOf(id) {
      const data = await fetchQuery<ordersStatusQuery>(environment, STATUS, { id }).toPromise();
      const order = data?.order;
      if (order?.ok === false) return (order.errors as FieldError[])[0]?.extensions.code;
      return order?.value?.status;
    },
  };
}
