/**
 * @generated SignedSource<<c14dd14dc4a274d5bfdb0f3ce96dc731>>
 * @lightSyntaxTransform
 */

/* tslint:disable */
/* eslint-disable */
// @ts-nocheck

import type { ReaderFragment } from 'relay-runtime';
export type OrderStatus = "CANCELLED" | "DELIVERED" | "PLACED" | "SHIPPED";
import type { FragmentRefs } from "relay-runtime";
export type identity_order$data = {
  readonly nodeId: string;
  readonly status: OrderStatus;
  readonly " $fragmentType": "identity_order";
};
export type identity_order$key = {
  readonly " $data"?: identity_order$data;
  readonly " $fragmentSpreads": FragmentRefs<"identity_order">;
};

import identityOrderQuery_graphql from './identityOrderQuery.graphql';

const node: ReaderFragment = {
  "argumentDefinitions": [],
  "kind": "Fragment",
  "metadata": {
    "refetch": {
      "connection": null,
      "fragmentPathInResult": [
        "node"
      ],
      "operation": identityOrderQuery_graphql,
      "identifierInfo": {
        "identifierField": "nodeId",
        "identifierQueryVariableName": "nodeId"
      }
    }
  },
  "name": "identity_order",
  "selections": [
    {
      "alias": null,
      "args": null,
      "kind": "ScalarField",
      "name": "status",
      "storageKey": null
    },
    {
      "alias": null,
      "args": null,
      "kind": "ScalarField",
      "name": "nodeId",
      "storageKey": null
    }
  ],
  "type": "Order",
  "abstractKey": null
};

(node as any).hash = "c5b60292bd99345949e97f98d8a208b8";

export default node;
