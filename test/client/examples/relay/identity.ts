import { graphql } from 'relay-runtime';

/** Objects of several types with the same `id`. */
export const SAME_IDS = graphql`
  query identitySameIdsQuery($id: ID!) {
    viewer {
      id
      user {
        id
        name
      }
    }
    profile(id: $id) {
      id
      name
    }
    announcements {
      id
      title
    }
  }
`;

/** With a query of its own to load it again, which relay-compiler makes with `Query.node`. */
export const ORDER = graphql`
  fragment identity_order on Order @refetchable(queryName: "identityOrderQuery") {
    status
  }
`;
