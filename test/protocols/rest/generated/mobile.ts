// Generated from bff-mobile/operations/ by `npm run codegen`. Do not edit.

export interface paths {
    "/dashboard": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The phone's first screen.
         * @description The data of the phone's first screen. Each part is independent: an unavailable part is null and has an error of its own.
         */
        get: operations["dashboard"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/profiles/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * For everyone, with or without a token.
         * @description The public profile of a user; null if the account was deleted.
         */
        get: operations["publicProfile"];
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
        /**
         * @description The subject of a notification.
         *     - `ORDER_UPDATE`: A change of one of the user's orders.
         *     - `PROMOTION`: An offer.
         *     - `ACCOUNT`: A change of the user's account.
         * @enum {string}
         */
        NotificationKind: "ORDER_UPDATE" | "PROMOTION" | "ACCOUNT";
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
    dashboard: {
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
                        /** @description Current announcements to everyone, newest first. */
                        announcements: {
                            /** @description An opaque id. */
                            id: string;
                            /**
                             * Format: date-time
                             * @description The time of publication.
                             */
                            publishedAt: string;
                            /** @description The headline. */
                            title: string;
                        }[] | null;
                        /** @description The parts that are missing because of an error; absent if there are none. */
                        errors?: components["schemas"]["MissingPart"][];
                        /** @description The viewer's newest notifications. */
                        notifications: {
                            /**
                             * Format: date-time
                             * @description The time at which it was sent.
                             */
                            createdAt: string;
                            /** @description An opaque id, the same wherever this notification appears. */
                            id: string;
                            /** @description The subject. */
                            kind: components["schemas"]["NotificationKind"];
                            /**
                             * Format: date-time
                             * @description The time at which the user read it; null while unread.
                             */
                            readAt: string | null;
                            /** @description The headline. */
                            title: string;
                        }[] | null;
                        /** @description The viewer's newest orders. */
                        orders: {
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
                        }[] | null;
                        /**
                         * Format: int32
                         * @description The number of all unread notifications of the viewer.
                         */
                        unreadCount: number | null;
                        /** @description The viewer's account; null if it was deleted. */
                        user: {
                            /** @description The URL of the user's picture; null if there is none. */
                            avatarUrl: string | null;
                            /** @description An opaque id, the same wherever this user appears. */
                            id: string;
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
    publicProfile: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The user's id. */
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
                        /** @description The URL of the user's picture; null if there is none. */
                        avatarUrl: string | null;
                        /** @description The parts that are missing because of an error; absent if there are none. */
                        errors?: components["schemas"]["MissingPart"][];
                        /** @description The user's id. */
                        id: string;
                        /** @description The display name, in any script. */
                        name: string;
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
}
