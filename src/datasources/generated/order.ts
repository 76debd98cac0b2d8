// Generated from services/order/openapi.yaml by `npm run codegen`. Do not edit.

export interface paths {
    "/orders": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Orders by id, of one user, of several users, or the most recent
         * @description Exactly one of `ids` (`ordersByIds`), `user` (`ordersByUser`), `users` (`ordersByUsers`) and `recent` (`recentOrders`) selects the form. Lists are newest first, by placedAt, then id.
         */
        get: operations["listOrders"];
        put?: never;
        /** Place an order, once per idempotency key */
        post: operations["placeOrder"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/orders/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Order id. */
                id: components["parameters"]["Id"];
            };
            cookie?: never;
        };
        /** One order */
        get: operations["getOrder"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/orders/{id}/cancel": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Order id. */
                id: components["parameters"]["Id"];
            };
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Cancel an order
         * @description Cancelling a cancelled order changes nothing and succeeds.
         */
        post: operations["cancelOrder"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        /**
         * @description ISO 4217 code of a currency that orders are taken in.
         * @enum {string}
         */
        Currency: "USD" | "EUR" | "GBP" | "JPY";
        /** @description An error in one field of the request. */
        FieldError: {
            /** @description Stable machine-readable reason. */
            code: string;
            /** @description Name of a parameter, or a dotted path into the body. */
            field: string;
        };
        /** @description The request has invalid fields. */
        InvalidProblem: {
            /**
             * @description Always `invalid`.
             * @enum {string}
             */
            code: "invalid";
            /** @description One entry per invalid field. */
            errors: components["schemas"]["FieldError"][];
        };
        /** @description An amount in a currency. */
        Money: {
            /** @description Minor units: cents, pence; whole yen. */
            amount: number;
            /** @description ISO 4217 code. */
            currency: string;
        };
        /** @description An order of a user. */
        Order: {
            /** @description The carrier; null until the order is shipped. */
            carrier: string | null;
            /** @description Position in lists newest first. Opaque; inserts and changes of status do not move it. */
            cursor: string;
            /** @description Opaque id. */
            id: string;
            /** @description 1 to 20 lines. */
            items: components["schemas"]["OrderItem"][];
            /**
             * Format: date-time
             * @description Time of the order, UTC.
             */
            placedAt: string;
            status: components["schemas"]["OrderStatus"];
            /** @description Sum of the items. */
            total: components["schemas"]["Money"];
            /** @description The user who placed the order. */
            userId: string;
        };
        /** @description Orders without pages. Unknown ids are absent. */
        OrderBatch: {
            /** @description The orders found, once each. */
            orders: components["schemas"]["Order"][];
        };
        /** @description A line of an order. */
        OrderItem: {
            /** @description Product name when the order was placed. */
            name: string;
            /** @description Number of units. */
            quantity: number;
            /** @description Stock keeping unit. */
            sku: string;
            /** @description Price of one piece. */
            unitPrice: components["schemas"]["Money"];
        };
        /** @description The first page of one user's orders. */
        OrderList: {
            /** @description Cursor of this user's next page; null on the last page. */
            nextCursor: string | null;
            /** @description Newest first; empty if there are none. */
            orders: components["schemas"]["Order"][];
            /** @description The user who placed the orders. */
            userId: string;
        };
        /** @description A list for each requested user, in no particular order. */
        OrderLists: {
            /** @description One list per user. */
            lists: components["schemas"]["OrderList"][];
        };
        /** @description A page of one user's orders. */
        OrderPage: {
            /** @description Cursor of the next page; null on the last page. */
            nextCursor: string | null;
            /** @description Newest first. */
            orders: components["schemas"]["Order"][];
        };
        /**
         * @description The progress of an order.
         * @enum {string}
         */
        OrderStatus: "placed" | "shipped" | "delivered" | "cancelled";
        /** @description An order to place. */
        PlaceOrder: {
            currency: components["schemas"]["Currency"];
            /** @description The ordered products. */
            items: components["schemas"]["PlaceOrderItem"][];
            /** @description The user who places the order. */
            userId: string;
        };
        /** @description A product and its quantity. */
        PlaceOrderItem: {
            /** @description Number of units. */
            quantity: number;
            /** @description Stock keeping unit. */
            sku: string;
        };
        /** @description The reason for rejecting a request, for programs. */
        Problem: {
            /** @description Stable machine-readable reason, for example `not_found`. */
            code: string;
        };
    };
    responses: {
        /** @description A parameter is invalid, missing or unknown. */
        Invalid: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["InvalidProblem"];
            };
        };
        /** @description No such order (`not_found`). */
        NotFound: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Problem"];
            };
        };
        /** @description The credential is missing or wrong (`unauthorized`), or `x-viewer` is invalid, or missing where it is required (`viewer_unknown`). */
        Unauthorized: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Problem"];
            };
        };
        /** @description The body is invalid. */
        Unprocessable: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["InvalidProblem"];
            };
        };
        /** @description The viewer may not act for that user, or read that data (`viewer_mismatch`). */
        ViewerMismatch: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Problem"];
            };
        };
    };
    parameters: {
        /** @description As `Viewer`; its `sub` must be the user who orders, or whose order is cancelled (or its `role` must be `staff`, for a cancellation). */
        ActingViewer: string;
        /** @description Order id. */
        Id: string;
        /** @description The user for whom the call is made: a compact JWS (RFC 7515, HS256 with the key that callers share with this service; `iss` is `frontdesk`, `aud` is `order`, with `exp`, `sub` (user id) and `role`). Verified if present: then it must be the user whose data are requested, or staff. */
        Viewer: string;
    };
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
    listOrders: {
        parameters: {
            query?: {
                /** @description With `user`, opaque position after which the page starts. */
                cursor?: string;
                /** @description 1 to 100 order ids, separated by commas. Answers an OrderBatch, in no particular order. */
                ids?: string[];
                /** @description With `user` or `users`, the maximum length of the list (of each user). */
                limit?: number;
                /** @description Number of the newest orders of all users. Answers an OrderBatch, newest first. */
                recent?: number;
                /** @description With `user` or `users`, only orders with this status. */
                status?: components["schemas"]["OrderStatus"];
                /** @description One user's orders. Answers an OrderPage. */
                user?: string;
                /** @description 1 to 100 user ids, separated by commas; before the list is percent-encoded, so are `%` and `,` in an id. Answers OrderLists. */
                users?: string[];
            };
            header?: {
                /** @description The user for whom the call is made: a compact JWS (RFC 7515, HS256 with the key that callers share with this service; `iss` is `frontdesk`, `aud` is `order`, with `exp`, `sub` (user id) and `role`). Verified if present: then it must be the user whose data are requested, or staff. */
                "x-viewer"?: components["parameters"]["Viewer"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The orders. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OrderBatch"] | components["schemas"]["OrderPage"] | components["schemas"]["OrderLists"];
                };
            };
            400: components["responses"]["Invalid"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["ViewerMismatch"];
        };
    };
    placeOrder: {
        parameters: {
            query?: never;
            header: {
                /** @description 1 to 255 visible ASCII characters, chosen by the caller; scoped by userId. The same key with the same body returns the first order. */
                "Idempotency-Key": string;
                /** @description As `Viewer`; its `sub` must be the user who orders, or whose order is cancelled (or its `role` must be `staff`, for a cancellation). */
                "x-viewer": components["parameters"]["ActingViewer"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["PlaceOrder"];
            };
        };
        responses: {
            /** @description The order that was placed with this key before. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Order"];
                };
            };
            /** @description The new order. */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Order"];
                };
            };
            400: components["responses"]["Invalid"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["ViewerMismatch"];
            /** @description The key was used with another body (`idempotency_key_reused`). */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
            /** @description Codes: `unknown`, `out_of_range`, `empty`, `too_many`, `unknown_currency`, `missing`, `wrong_type`, `malformed`, `unknown_field`; fields such as `items.0.sku`. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["InvalidProblem"];
                };
            };
        };
    };
    getOrder: {
        parameters: {
            query?: never;
            header?: {
                /** @description The user for whom the call is made: a compact JWS (RFC 7515, HS256 with the key that callers share with this service; `iss` is `frontdesk`, `aud` is `order`, with `exp`, `sub` (user id) and `role`). Verified if present: then it must be the user whose data are requested, or staff. */
                "x-viewer"?: components["parameters"]["Viewer"];
            };
            path: {
                /** @description Order id. */
                id: components["parameters"]["Id"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The order. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Order"];
                };
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["ViewerMismatch"];
            404: components["responses"]["NotFound"];
        };
    };
    cancelOrder: {
        parameters: {
            query?: never;
            header: {
                /** @description As `Viewer`; its `sub` must be the user who orders, or whose order is cancelled (or its `role` must be `staff`, for a cancellation). */
                "x-viewer": components["parameters"]["ActingViewer"];
            };
            path: {
                /** @description Order id. */
                id: components["parameters"]["Id"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The cancelled order. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Order"];
                };
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["ViewerMismatch"];
            404: components["responses"]["NotFound"];
            /** @description Shipped or delivered, so too late (`not_cancellable`). */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
}
