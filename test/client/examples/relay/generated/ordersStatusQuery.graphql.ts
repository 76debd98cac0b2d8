/**
 * @generated SignedSource<<656ed63e537dc41bd2d07bd901134538>>
 * @relayHash 1341dced374eeb7973ace43c025b1142
 * @lightSyntaxTransform
 */

/* tslint:disable */
/* eslint-disable */
// @ts-nocheck

// @relayRequestID 6ebeba0e3728a6de372f611a50d379bbc19f7e8a0c78a820c40c028d9a640e95

import type { ConcreteRequest } from 'relay-runtime';
import type { Result } from "relay-runtime";
export type OrderStatus = "CANCELLED" | "DELIVERED" | "PLACED" | "SHIPPED";
export type ordersStatusQuery$variables = {
  id: string;
};
export type ordersStatusQuery$data = {
  readonly order: Result<{
    readonly status: OrderStatus;
  } | null | undefined, unknown>;
};
export type ordersStatusQuery = {
  response: ordersStatusQuery$data;
  variables: ordersStatusQuery$variables;
};

const node: ConcreteRequest = (function(){
var v0 = [
  {
    "defaultValue": null,
    "kind": "LocalArgument",
    "name": "id"
  }
],
v1 = [
  {
    "kind": "Variable",
    "name": "id",
    "variableName": "id"
  }
],
v2 = {
  "alias": null,
  "args": null,
  "kind": "ScalarField",
  "name": "status",
  "storageKey": null
};
return {
  "fragment": {
    "argumentDefinitions": (v0/*:: as any*/),
    "kind": "Fragment",
    "metadata": null,
    "name": "ordersStatusQuery",
    "selections": [
      {
        "kind": "CatchField",
        "field": {
          "alias": null,
          "args": (v1/*:: as any*/),
          "concreteType": "Order",
          "kind": "LinkedField",
          "name": "order",
          "plural": false,
          "selections": [
            (v2/*:: as any*/)
          ],
          "storageKey": null
        },
        "to": "RESULT"
      }
    ],
    "type": "Query",
    "abstractKey": null
  },
  "kind": "Request",
  "operation": {
    "argumentDefinitions": (v0/*:: as any*/),
    "kind": "Operation",
    "name": "ordersStatusQuery",
    "selections": [
      {
        "alias": null,
        "args": (v1/*:: as any*/),
        "concreteType": "Order",
        "kind": "LinkedField",
        "name": "order",
        "plural": false,
        "selections": [
          (v2/*:: as any*/),
          {
            "alias": null,
            "args": null,
            "kind": "ScalarField",
            "name": "nodeId",
            "storageKey": null
          }
        ],
        "storageKey": null
      }
    ]
  },
  "params": {
    "id": "6ebeba0e3728a6de372f611a50d379bbc19f7e8a0c78a820c40c028d9a640e95",
    "metadata": {},
    "name": "ordersStatusQuery",
    "operationKind": "query",
    "text": null
  }
};
})();

(node as any).hash = "ab9101f1ccf5035a34d5608da85860a3";

export default node;
