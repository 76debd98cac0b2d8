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
        /** @description What is wrong with one part of the request. */
        FieldError: {
            /** @description Stable machine-readable reason. */
            code: string;
            /** @description Name of a parameter, or a dotted path into the body. */
            field: string;
        };
        /** @description The request was understood and has mistakes that the caller can name. */
        InvalidProblem: {
            /**
             * @description Always `invalid`.
             * @enum {string}
             */
            code: "invalid";
            /** @description One entry per mistake. */
            errors: components["schemas"]["FieldError"][];
        };
        /** @description An amount in a currency. */
        Money: {
            /** @description Minor units: cents, pence; whole yen. */
            amount: number;
            /** @description ISO 4217 code. */
            currency: string;
        };
        /** @description What a user ordered. */
        Order: {
            /** @description Who delivers it; null until it is shipped. */
            carrier: string | null;
            /** @description Position in lists newest first. Opaque; inserts and changes of status do not move it. */
            cursor: string;
            /** @description Opaque id. */
            id: string;
            /** @description 1 to 20 lines. */
            items: components["schemas"]["OrderItem"][];
            /**
             * Format: date-time
             * @description When it was placed, UTC.
             */
            placedAt: string;
            status: components["schemas"]["OrderStatus"];
            /** @description Sum of the items. */
            total: components["schemas"]["Money"];
            /** @description Who ordered. */
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
            /** @description Pieces. */
            quantity: number;
            /** @description Stock keeping unit. */
            sku: string;
            /** @description Price of one piece. */
            unitPrice: components["schemas"]["Money"];
        };
        /** @description The first page of one user's orders. */
        OrderList: {
            /** @description Where this user's next page starts, or null. */
            nextCursor: string | null;
            /** @description Newest first; empty if there are none. */
            orders: components["schemas"]["Order"][];
            /** @description Whose orders. */
            userId: string;
        };
        /** @description A list for every user asked for, in no particular order. */
        OrderLists: {
            /** @description One list per user. */
            lists: components["schemas"]["OrderList"][];
        };
        /** @description A page of one user's orders. */
        OrderPage: {
            /** @description Where the next page starts; null on the last page. */
            nextCursor: string | null;
            /** @description Newest first. */
            orders: components["schemas"]["Order"][];
        };
        /**
         * @description How far an order is.
         * @enum {string}
         */
        OrderStatus: "placed" | "shipped" | "delivered" | "cancelled";
        /** @description An order to place. */
        PlaceOrder: {
            currency: components["schemas"]["Currency"];
            /** @description What is ordered. */
            items: components["schemas"]["PlaceOrderItem"][];
            /** @description Who orders. */
            userId: string;
        };
        /** @description A product and how many of it. */
        PlaceOrderItem: {
            /** @description Pieces. */
            quantity: number;
            /** @description Stock keeping unit. */
            sku: string;
        };
        /** @description Why a request was refused, for programs. */
        Problem: {
            /** @description Stable machine-readable reason, for example `not_found`. */
            code: string;
        };
    };
    responses: {
        /** @description A parameter is wrong, missing or unknown. */
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
        /** @description No credential, or a wrong one (`unauthorized`); or `x-viewer` is wrong, or missing where it is required (`viewer_unknown`). */
        Unauthorized: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Problem"];
            };
        };
        /** @description The body breaks a rule. */
        Unprocessable: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["InvalidProblem"];
            };
        };
        /** @description The viewer may not do this in the name of that user (`viewer_mismatch`). */
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
        /** @description As `Viewer`; its `sub` must be the user who orders, or whose order is cancelled (for which `role` may be `staff` instead). */
        ActingViewer: string;
        /** @description Order id. */
        Id: string;
        /** @description For whom the call is made, when it is made for one user: a compact JWS (RFC 7515, HS256 with the key that callers share with this service; `iss` is `frontdesk`, `aud` is `order`, with `exp`, `sub` (user id) and `role`). Verified where it is given. */
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
                /** @description With `user`, the page starts after this position. Opaque. */
                cursor?: string;
                /** @description 1 to 100 order ids, separated by commas. Answers an OrderBatch, in no particular order. */
                ids?: string[];
                /** @description With `user` or `users`, the longest list wanted (of each user). */
                limit?: number;
                /** @description So many of the newest orders of all users. Answers an OrderBatch, newest first. */
                recent?: number;
                /** @description With `user` or `users`, only orders of this status. */
                status?: components["schemas"]["OrderStatus"];
                /** @description One user's orders. Answers an OrderPage. */
                user?: string;
                /** @description 1 to 100 user ids, separated by commas. Answers OrderLists. */
                users?: string[];
            };
            header?: {
                /** @description For whom the call is made, when it is made for one user: a compact JWS (RFC 7515, HS256 with the key that callers share with this service; `iss` is `frontdesk`, `aud` is `order`, with `exp`, `sub` (user id) and `role`). Verified where it is given. */
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
        };
    };
    placeOrder: {
        parameters: {
            query?: never;
            header: {
                /** @description 1 to 255 visible ASCII characters, chosen by the caller; scoped by userId. The same key with the same body answers the first order. */
                "Idempotency-Key": string;
                /** @description As `Viewer`; its `sub` must be the user who orders, or whose order is cancelled (for which `role` may be `staff` instead). */
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
            /** @description This key has placed this order before. */
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
                /** @description For whom the call is made, when it is made for one user: a compact JWS (RFC 7515, HS256 with the key that callers share with this service; `iss` is `frontdesk`, `aud` is `order`, with `exp`, `sub` (user id) and `role`). Verified where it is given. */
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
            404: components["responses"]["NotFound"];
        };
    };
    cancelOrder: {
        parameters: {
            query?: never;
            header: {
                /** @description As `Viewer`; its `sub` must be the user who orders, or whose order is cancelled (for which `role` may be `staff` instead). */
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
