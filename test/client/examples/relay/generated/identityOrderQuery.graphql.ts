/**
 * @generated SignedSource<<4b3631fb3bb87d15407974647ed08a20>>
 * @relayHash dfc91fc4e8a66bfa505637d77d598b6b
 * @lightSyntaxTransform
 */

/* tslint:disable */
/* eslint-disable */
// @ts-nocheck

// @relayRequestID 5fe95d9d0517b82e63c0f38946e7f9e7f7b8c0ed8dcd553b53ca46508463cbde

import type { ConcreteRequest } from 'relay-runtime';
import type { FragmentRefs } from "relay-runtime";
export type identityOrderQuery$variables = {
  nodeId: string;
};
export type identityOrderQuery$data = {
  readonly node: {
    readonly " $fragmentSpreads": FragmentRefs<"identity_order">;
  } | null | undefined;
};
export type identityOrderQuery = {
  response: identityOrderQuery$data;
  variables: identityOrderQuery$variables;
};

const node: ConcreteRequest = (function(){
var v0 = [
  {
    "defaultValue": null,
    "kind": "LocalArgument",
    "name": "nodeId"
  }
],
v1 = [
  {
    "kind": "Variable",
    "name": "id",
    "variableName": "nodeId"
  }
];
return {
  "fragment": {
    "argumentDefinitions": (v0/*:: as any*/),
    "kind": "Fragment",
    "metadata": null,
    "name": "identityOrderQuery",
    "selections": [
      {
        "alias": null,
        "args": (v1/*:: as any*/),
        "concreteType": null,
        "kind": "LinkedField",
        "name": "node",
        "plural": false,
        "selections": [
          {
            "args": null,
            "kind": "FragmentSpread",
            "name": "identity_order"
          }
        ],
        "storageKey": null
      }
    ],
    "type": "Query",
    "abstractKey": null
  },
  "kind": "Request",
  "operation": {
    "argumentDefinitions": (v0/*:: as any*/),
    "kind": "Operation",
    "name": "identityOrderQuery",
    "selections": [
      {
        "alias": null,
        "args": (v1/*:: as any*/),
        "concreteType": null,
        "kind": "LinkedField",
        "name": "node",
        "plural": false,
        "selections": [
          {
            "alias": null,
            "args": null,
            "kind": "ScalarField",
            "name": "__typename",
            "storageKey": null
          },
          {
            "alias": null,
            "args": null,
            "kind": "ScalarField",
            "name": "nodeId",
            "storageKey": null
          },
          {
            "kind": "InlineFragment",
            "selections": [
              {
                "alias": null,
                "args": null,
                "kind": "ScalarField",
                "name": "status",
                "storageKey": null
              }
            ],
            "type": "Order",
            "abstractKey": null
          }
        ],
        "storageKey": null
      }
    ]
  },
  "params": {
    "id": "5fe95d9d0517b82e63c0f38946e7f9e7f7b8c0ed8dcd553b53ca46508463cbde",
    "metadata": {},
    "name": "identityOrderQuery",
    "operationKind": "query",
    "text": null
  }
};
})();

(node as any).hash = "c5b60292bd99345949e97f98d8a208b8";

export default node;
