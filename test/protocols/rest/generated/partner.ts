// Generated from bff-partner/operations/ by `npm run codegen`. Do not edit.

export interface paths {
    "/v1/me": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * For a client that acts for a user: who it is.
         * @description The user for whom the client acts. Requires a user's token; an API key belongs to no user.
         */
        get: operations["me"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/orders": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * For a client that acts for a user: what the user ordered, page by page.
         * @description The user for whom the client acts. Requires a user's token; an API key belongs to no user.
         */
        get: operations["myOrders"];
        put?: never;
        /**
         * Places an order for the viewer.
         * @description Places an order for the viewer. A repeated call with the same idempotency key returns the first order.
         */
        post: operations["placeOrder"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/orders/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * One order.
         * @description One order. Requires the scope orders:read. An API key reads the orders of all users, a user's token only the user's own.
         */
        get: operations["orderDetail"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/orders/{id}/cancel": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Cancels an order that is not shipped yet.
         * @description Cancels an order that is not shipped yet. A cancelled order stays unchanged.
         */
        post: operations["cancelOrder"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/recent-orders": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * For a server with an API key: what was ordered last.
         * @description The newest orders of all users. Requires an API key or a staff token with the scope orders:read.
         */
        get: operations["recentOrders"];
        put?: never;
        post?: never;
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
        /** @description A part of the response that is null because of an error. */
        MissingPart: {
            /** @description The reason, for programs. */
            code: string;
            /** @description One sentence for people. */
            detail: string;
            /** @description Its place in the response, as a JSON pointer such as `#/orders/0/customer`. */
            pointer: string;
        };
        /** @description An item to order. */
        OrderItemInput: {
            /**
             * Format: int32
             * @description The number of units, 1 to 99.
             */
            quantity: number;
            /** @description The product's stock keeping unit. */
            sku: string;
        };
        /**
         * @description The progress of an order.
         *     - `PLACED`: Accepted; can still be cancelled.
         *     - `SHIPPED`: In transit.
         *     - `DELIVERED`: Delivered to the customer.
         *     - `CANCELLED`: Cancelled; nothing is shipped.
         * @enum {string}
         */
        OrderStatus: "PLACED" | "SHIPPED" | "DELIVERED" | "CANCELLED";
        /** @description What is wrong with one part of a request. */
        ParameterFault: {
            /** @description What is wrong with it. */
            detail: string;
            /** @description The parameter, or the header. */
            parameter?: string;
            /** @description The place in the body, as a JSON pointer such as `#/items/0/quantity`. */
            pointer?: string;
        };
        /** @description An order to place. */
        PlaceOrderInput: {
            /** @description The ISO 4217 code of the currency of payment. */
            currency: string;
            /** @description 1 to 20 items. */
            items: components["schemas"]["OrderItemInput"][];
        };
        /** @description An error (RFC 9457). */
        Problem: {
            /** @description The reason, for programs. One of a closed list. */
            code: string;
            /** @description One sentence that says what is wrong. */
            detail: string;
            /** @description The parameters that are missing, unknown or of the wrong type. */
            errors?: components["schemas"]["ParameterFault"][];
            /** @description Name it when you report the error. */
            requestId: string;
            /** @description The HTTP status. */
            status: number;
            /** @description The phrase of the status. */
            title: string;
            /** @description `about:blank`: see `code`. */
            type: string;
        };
        /**
         * @description The reasons for rejecting an input. Codes may be added; their meaning never changes.
         *     - `NOT_CANCELLABLE`: The order is shipped, so it can no longer be cancelled.
         *     - `UNKNOWN_SKU`: There is no such product.
         *     - `OUT_OF_RANGE`: The number is out of range.
         *     - `EMPTY`: The list is empty; at least one item is required.
         *     - `TOO_MANY`: The list has too many items.
         *     - `UNKNOWN_CURRENCY`: This currency is not supported.
         *     - `IDEMPOTENCY_KEY_REUSED`: This key was already used for another order.
         *     - `BLANK`: The value is empty or only whitespace.
         *     - `TOO_LONG`: The value has too many characters.
         *     - `INVALID_URL`: The value is not an http or https URL.
         *     - `UNKNOWN_LOCALE`: This locale is not supported.
         *     - `INVALID`: The value is invalid for a reason without a code of its own.
         *     - `NOT_FOUND`: The viewer has no object with this id.
         * @enum {string}
         */
        UserErrorCode: "NOT_CANCELLABLE" | "UNKNOWN_SKU" | "OUT_OF_RANGE" | "EMPTY" | "TOO_MANY" | "UNKNOWN_CURRENCY" | "IDEMPOTENCY_KEY_REUSED" | "BLANK" | "TOO_LONG" | "INVALID_URL" | "UNKNOWN_LOCALE" | "INVALID" | "NOT_FOUND";
    };
    responses: {
        /** @description A parameter is missing, unknown or of the wrong type. */
        BadRequest: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description The credential does not allow this. */
        Forbidden: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description There is no such object, or it belongs to somebody else. */
        NotFound: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description The copy of `If-None-Match` is current. */
        NotModified: {
            headers: {
                [name: string]: unknown;
            };
            content?: never;
        };
        /** @description Any other error. 503 and 504: a service is unavailable; retry later. */
        Problem: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description The rate limit is used up. */
        TooManyRequests: {
            headers: {
                /** @description The time to wait, in seconds. */
                "Retry-After"?: string;
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description There is no credential, or it is not valid. */
        Unauthorized: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
    };
    parameters: never;
    requestBodies: never;
    headers: {
        /** @description The version of the response, for `If-None-Match`. */
        ETag: string;
        /** @description What is left of each rate limit. Public responses do not have it. */
        RateLimit: string;
        /** @description The rate limits. Public responses do not have it. */
        "RateLimit-Policy": string;
        /** @description The id of the request. */
        "X-Request-Id": string;
    };
    pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
    me: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The result. What is missing because of an error is listed in `errors`. */
            200: {
                headers: {
                    ETag: components["headers"]["ETag"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @description The parts that are missing because of an error; absent if there are none. */
                        errors?: components["schemas"]["MissingPart"][];
                        /** @description The user's id. */
                        id: string;
                        /** @description The account; null if it was deleted. Requires the scope profile:read. */
                        user: {
                            /** @description The email address. */
                            email: string;
                            /** @description An opaque id, the same wherever this user appears. */
                            id: string;
                            /** @description The preferred language and region, as a BCP 47 tag such as pt-BR. */
                            locale: string;
                            /** @description The display name, in any script. */
                            name: string;
                        } | null;
                    };
                };
            };
            304: components["responses"]["NotModified"];
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            429: components["responses"]["TooManyRequests"];
            default: components["responses"]["Problem"];
        };
    };
    myOrders: {
        parameters: {
            query?: {
                /** @description `next` of the preceding page. */
                after?: string;
                /** @description The maximum number of items, 1 to 50. */
                first?: number;
                /** @description Returns only orders with this status. */
                status?: components["schemas"]["OrderStatus"];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The result. What is missing because of an error is listed in `errors`. */
            200: {
                headers: {
                    ETag: components["headers"]["ETag"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @description The parts that are missing because of an error; absent if there are none. */
                        errors?: components["schemas"]["MissingPart"][];
                        /** @description The user's id. */
                        id: string;
                        /** @description The user's orders, newest first. Requires the scope orders:read. */
                        orders: {
                            /** @description The cursor of the next page, for `after`; null on the last page. It stays valid when orders are added or change. */
                            next: string | null;
                            /** @description The orders of this page. */
                            orders: {
                                /** @description An opaque id, the same wherever this order appears. */
                                id: string;
                                /**
                                 * Format: date-time
                                 * @description The time at which the order was placed.
                                 */
                                placedAt: string;
                                /** @description The progress of the order. */
                                status: components["schemas"]["OrderStatus"];
                                /** @description The total price. */
                                total: {
                                    /**
                                     * Format: int64
                                     * @description The amount in the currency's smallest unit: 1999 is 19.99 euros with EUR and 1999 yen with JPY.
                                     */
                                    amount: number;
                                    /** @description The ISO 4217 code of the currency. */
                                    currency: string;
                                };
                            }[];
                        } | null;
                    };
                };
            };
            304: components["responses"]["NotModified"];
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            429: components["responses"]["TooManyRequests"];
            default: components["responses"]["Problem"];
        };
    };
    placeOrder: {
        parameters: {
            query?: never;
            header: {
                /** @description Chosen by the client, unique for each intended order, for example a UUID. Send the same key when you retry. 1 to 128 printable ASCII characters. */
                "Idempotency-Key": string;
            };
            path?: never;
            cookie?: never;
        };
        /** @description The order to place. */
        requestBody: {
            content: {
                "application/json": components["schemas"]["PlaceOrderInput"];
            };
        };
        responses: {
            /** @description The result. What is missing because of an error is listed in `errors`. */
            200: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @description The parts that are missing because of an error; absent if there are none. */
                        errors?: components["schemas"]["MissingPart"][];
                        /** @description The order; null if it was rejected. */
                        order: {
                            /** @description An opaque id, the same wherever this order appears. */
                            id: string;
                            /** @description The ordered items, at least one. */
                            items: {
                                /** @description The product's name at the time of the order. */
                                name: string;
                                /**
                                 * Format: int32
                                 * @description The number of units.
                                 */
                                quantity: number;
                                /** @description The product's stock keeping unit, for ordering it again. */
                                sku: string;
                            }[];
                            /**
                             * Format: date-time
                             * @description The time at which the order was placed.
                             */
                            placedAt: string;
                            /** @description The progress of the order. */
                            status: components["schemas"]["OrderStatus"];
                            /** @description The total price. */
                            total: {
                                /**
                                 * Format: int64
                                 * @description The amount in the currency's smallest unit: 1999 is 19.99 euros with EUR and 1999 yen with JPY.
                                 */
                                amount: number;
                                /** @description The ISO 4217 code of the currency. */
                                currency: string;
                            };
                        } | null;
                        /** @description The reasons for rejecting the order; empty if it was placed. */
                        userErrors: {
                            /** @description The reason, for programs. */
                            code: components["schemas"]["UserErrorCode"];
                            /** @description The path of the invalid argument, such as ["input", "items", "0", "sku"]; null if the error concerns the whole request. */
                            field: string[] | null;
                            /** @description One sentence that says what is wrong and how to fix it. */
                            message: string;
                        }[];
                    };
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            429: components["responses"]["TooManyRequests"];
            default: components["responses"]["Problem"];
        };
    };
    orderDetail: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The order's id. */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The result. What is missing because of an error is listed in `errors`. */
            200: {
                headers: {
                    ETag: components["headers"]["ETag"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @description The parts that are missing because of an error; absent if there are none. */
                        errors?: components["schemas"]["MissingPart"][];
                        /** @description An opaque id, the same wherever this order appears. */
                        id: string;
                        /** @description The ordered items, at least one. */
                        items: {
                            /** @description The product's name at the time of the order. */
                            name: string;
                            /**
                             * Format: int32
                             * @description The number of units.
                             */
                            quantity: number;
                            /** @description The product's stock keeping unit, for ordering it again. */
                            sku: string;
                            /** @description The price of one unit. */
                            unitPrice: {
                                /**
                                 * Format: int64
                                 * @description The amount in the currency's smallest unit: 1999 is 19.99 euros with EUR and 1999 yen with JPY.
                                 */
                                amount: number;
                                /** @description The ISO 4217 code of the currency. */
                                currency: string;
                            };
                        }[];
                        /**
                         * Format: date-time
                         * @description The time at which the order was placed.
                         */
                        placedAt: string;
                        /** @description The progress of the order. */
                        status: components["schemas"]["OrderStatus"];
                        /** @description The total price. */
                        total: {
                            /**
                             * Format: int64
                             * @description The amount in the currency's smallest unit: 1999 is 19.99 euros with EUR and 1999 yen with JPY.
                             */
                            amount: number;
                            /** @description The ISO 4217 code of the currency. */
                            currency: string;
                        };
                    };
                };
            };
            304: components["responses"]["NotModified"];
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            429: components["responses"]["TooManyRequests"];
            default: components["responses"]["Problem"];
        };
    };
    cancelOrder: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The order's id. */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The result. What is missing because of an error is listed in `errors`. */
            200: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @description The parts that are missing because of an error; absent if there are none. */
                        errors?: components["schemas"]["MissingPart"][];
                        /** @description The order; unchanged if it can no longer be cancelled. */
                        order: {
                            /** @description An opaque id, the same wherever this order appears. */
                            id: string;
                            /** @description The progress of the order. */
                            status: components["schemas"]["OrderStatus"];
                        } | null;
                        /** @description The reasons for rejecting the cancellation; empty if the order was cancelled. */
                        userErrors: {
                            /** @description The reason, for programs. */
                            code: components["schemas"]["UserErrorCode"];
                            /** @description The path of the invalid argument, such as ["input", "items", "0", "sku"]; null if the error concerns the whole request. */
                            field: string[] | null;
                            /** @description One sentence that says what is wrong and how to fix it. */
                            message: string;
                        }[];
                    };
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            429: components["responses"]["TooManyRequests"];
            default: components["responses"]["Problem"];
        };
    };
    recentOrders: {
        parameters: {
            query?: {
                /** @description The maximum number of items, 1 to 50. */
                first?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The result. What is missing because of an error is listed in `errors`. */
            200: {
                headers: {
                    ETag: components["headers"]["ETag"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @description The parts that are missing because of an error; absent if there are none. */
                        errors?: components["schemas"]["MissingPart"][];
                        /** @description The newest orders of all users. Requires an API key or a staff token with the scope orders:read. */
                        recentOrders: {
                            /** @description An opaque id, the same wherever this order appears. */
                            id: string;
                            /** @description The ordered items, at least one. */
                            items: {
                                /**
                                 * Format: int32
                                 * @description The number of units.
                                 */
                                quantity: number;
                                /** @description The product's stock keeping unit, for ordering it again. */
                                sku: string;
                            }[];
                            /**
                             * Format: date-time
                             * @description The time at which the order was placed.
                             */
                            placedAt: string;
                            /** @description The progress of the order. */
                            status: components["schemas"]["OrderStatus"];
                            /** @description The total price. */
                            total: {
                                /**
                                 * Format: int64
                                 * @description The amount in the currency's smallest unit: 1999 is 19.99 euros with EUR and 1999 yen with JPY.
                                 */
                                amount: number;
                                /** @description The ISO 4217 code of the currency. */
                                currency: string;
                            };
                        }[] | null;
                    };
                };
            };
            304: components["responses"]["NotModified"];
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            429: components["responses"]["TooManyRequests"];
            default: components["responses"]["Problem"];
        };
    };
}
