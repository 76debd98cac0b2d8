// Generated from services/user/openapi.yaml by `npm run codegen`. Do not edit.

export interface paths {
    "/.well-known/jwks.json": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Public keys that verify the demo's tokens */
        get: operations["jwks"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/tokens": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * A demo access token
         * @description A JWT (ES256) of the demo issuer. Every caller gets a token for any user and role; only the demo trusts this issuer.
         */
        post: operations["issueToken"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/users": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Users by id, or a page of users
         * @description With `ids` a batch read, in no particular order (`usersByIds`). Without `ids` a page ordered by name, then id, without deleted users (`searchUsers`). Parameters of the two forms do not mix.
         */
        get: operations["listUsers"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/users/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description User id. */
                id: components["parameters"]["Id"];
            };
            cookie?: never;
        };
        /** One user */
        get: operations["getUser"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        /** Change a user's profile */
        patch: operations["updateUser"];
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
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
        /** @description JSON Web Key Set. */
        KeySet: {
            /** @description Public keys. */
            keys: {
                /** @description Algorithm. */
                alg: string;
                /** @description Curve. */
                crv: string;
                /** @description Key id. */
                kid: string;
                /** @description Key type. */
                kty: string;
                /** @description Use of the key. */
                use: string;
                /** @description X coordinate. */
                x: string;
                /** @description Y coordinate. */
                y: string;
            }[];
        };
        /** @description The reason for rejecting a request, for programs. */
        Problem: {
            /** @description Stable machine-readable reason, for example `not_found`. */
            code: string;
        };
        /** @description Changed fields; omitted fields stay unchanged. */
        ProfileChange: {
            /** @description URL of the new picture (http or https), or null for none. */
            avatarUrl?: string | null;
            /** @description New BCP 47 tag. */
            locale?: string;
            /** @description New display name, 1 to 200 code points. */
            name?: string;
        };
        /** @description An access token. */
        Token: {
            /** @description Compact JWT. */
            token: string;
        };
        /** @description The user and the lifetime of a token. */
        TokenRequest: {
            /**
             * @description Lifetime in seconds.
             * @default 3600
             */
            expiresIn: number;
            /**
             * @description Role claim.
             * @default customer
             * @enum {string}
             */
            role: "customer" | "staff";
            /** @description Subject of the token. */
            userId: string;
        };
        /** @description A person with an account. */
        User: {
            /** @description URL of the picture (http or https), or null. */
            avatarUrl: string | null;
            /**
             * Format: date-time
             * @description Creation time of the account, UTC.
             */
            createdAt: string;
            /** @description Email address. Personal data. */
            email: string;
            /** @description Opaque id. */
            id: string;
            /** @description BCP 47 tag, for example `de-DE`. */
            locale: string;
            /** @description Display name, at most 200 code points, in any script. */
            name: string;
        };
        /** @description Users by id. Ids that never existed are in neither list. */
        UserBatch: {
            /** @description The ids of deleted users. */
            deleted: string[];
            /** @description The users found, once each, in no particular order. */
            users: components["schemas"]["User"][];
        };
        /** @description A user with a position in the list. */
        UserEntry: components["schemas"]["User"] & {
            /** @description Position of this user. Opaque. */
            cursor: string;
        };
        /** @description A page of users. */
        UserPage: {
            /** @description Cursor of the next page; null on the last page. */
            nextCursor: string | null;
            /** @description Users ordered by name, then id. */
            users: components["schemas"]["UserEntry"][];
        };
    };
    responses: {
        /** @description The user existed and was deleted (`deleted`). */
        Deleted: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Problem"];
            };
        };
        /** @description A parameter is invalid, missing or unknown. */
        Invalid: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["InvalidProblem"];
            };
        };
        /** @description No such user (`not_found`). */
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
        /** @description As `Viewer`; its `sub` must be the changed user. */
        ActingViewer: string;
        /** @description Opaque position after which the page starts. */
        Cursor: string;
        /** @description User id. */
        Id: string;
        /** @description Maximum page size. */
        Limit: number;
        /** @description The user for whom the call is made: a compact JWS (RFC 7515, HS256 with the key that callers share with this service; `iss` is `frontdesk`, `aud` is `user`, with `exp`, `sub` (user id) and `role`). Verified if present: then it must be the user whose data are requested, or staff. */
        Viewer: string;
    };
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
    jwks: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A JSON Web Key Set (RFC 7517). */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["KeySet"];
                };
            };
        };
    };
    issueToken: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["TokenRequest"];
            };
        };
        responses: {
            /** @description The token. */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Token"];
                };
            };
            422: components["responses"]["Unprocessable"];
        };
    };
    listUsers: {
        parameters: {
            query?: {
                /** @description Opaque position after which the page starts. */
                cursor?: components["parameters"]["Cursor"];
                /** @description 1 to 100 user ids, separated by commas; before the list is percent-encoded, so are `%` and `,` in an id. Duplicates are allowed. */
                ids?: string[];
                /** @description Maximum page size. */
                limit?: components["parameters"]["Limit"];
                /** @description Part of the name or of the email address; case is ignored. */
                search?: string;
            };
            header?: {
                /** @description The user for whom the call is made: a compact JWS (RFC 7515, HS256 with the key that callers share with this service; `iss` is `frontdesk`, `aud` is `user`, with `exp`, `sub` (user id) and `role`). Verified if present: then it must be the user whose data are requested, or staff. */
                "x-viewer"?: components["parameters"]["Viewer"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The users. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["UserBatch"] | components["schemas"]["UserPage"];
                };
            };
            400: components["responses"]["Invalid"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["ViewerMismatch"];
        };
    };
    getUser: {
        parameters: {
            query?: never;
            header?: {
                /** @description The user for whom the call is made: a compact JWS (RFC 7515, HS256 with the key that callers share with this service; `iss` is `frontdesk`, `aud` is `user`, with `exp`, `sub` (user id) and `role`). Verified if present: then it must be the user whose data are requested, or staff. */
                "x-viewer"?: components["parameters"]["Viewer"];
            };
            path: {
                /** @description User id. */
                id: components["parameters"]["Id"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The user. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["User"];
                };
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["ViewerMismatch"];
            404: components["responses"]["NotFound"];
            410: components["responses"]["Deleted"];
        };
    };
    updateUser: {
        parameters: {
            query?: never;
            header: {
                /** @description As `Viewer`; its `sub` must be the changed user. */
                "x-viewer": components["parameters"]["ActingViewer"];
            };
            path: {
                /** @description User id. */
                id: components["parameters"]["Id"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ProfileChange"];
            };
        };
        responses: {
            /** @description The user after the change. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["User"];
                };
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["ViewerMismatch"];
            404: components["responses"]["NotFound"];
            410: components["responses"]["Deleted"];
            /** @description Codes: `blank`, `too_long`, `not_a_url`, `unknown_locale`, `wrong_type`, `unknown_field`. */
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
}
