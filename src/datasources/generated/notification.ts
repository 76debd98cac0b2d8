// Generated from services/notification/openapi.yaml by `npm run codegen`. Do not edit.

export interface paths {
    "/announcements": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Public announcements, newest first */
        get: operations["announcements"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/notifications": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Notifications of one user or of several
         * @description Exactly one of `user` (`notificationsByUser`) and `users` (`notificationsByUsers`) selects the form. Lists are newest first, by createdAt, then id.
         */
        get: operations["listNotifications"];
        put?: never;
        /**
         * Send a notification to a user
         * @description Subscribers of events get `notification.created`.
         */
        post: operations["createNotification"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/notifications/read": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Mark a user's notifications as read */
        post: operations["markRead"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/unread": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Number of unread notifications of one user or several
         * @description Exactly one of `user` (`unreadByUser`) and `users` (`unreadByUsers`) selects the form.
         */
        get: operations["countUnread"];
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
        /** @description A public message to everyone. */
        Announcement: {
            /** @description A sentence or two of plain text. */
            body: string;
            /** @description Opaque id. */
            id: string;
            /**
             * Format: date-time
             * @description Time of publication, UTC.
             */
            publishedAt: string;
            /** @description One line. */
            title: string;
        };
        /** @description All current announcements. */
        AnnouncementList: {
            /** @description Newest first. */
            announcements: components["schemas"]["Announcement"][];
        };
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
        /** @description The notifications to mark as read. */
        MarkRead: {
            /** @description 1 to 100 notification ids. */
            ids: string[];
            /** @description The user who received the notifications. */
            userId: string;
        };
        /** @description A notification to send. */
        NewNotification: {
            /** @description A sentence or two of plain text. */
            body: string;
            kind: components["schemas"]["NotificationKind"];
            /** @description One line. */
            title: string;
            /** @description The user who receives it. */
            userId: string;
        };
        /** @description A message to one user. */
        Notification: {
            /** @description A sentence or two of plain text. */
            body: string;
            /**
             * Format: date-time
             * @description Time of sending, UTC.
             */
            createdAt: string;
            /** @description Position in lists newest first. Opaque; inserts and reading do not move it. */
            cursor: string;
            /** @description Opaque id. */
            id: string;
            kind: components["schemas"]["NotificationKind"];
            /**
             * Format: date-time
             * @description Time of reading, UTC; null while unread.
             */
            readAt: string | null;
            /** @description One line. */
            title: string;
            /** @description The user who received it. */
            userId: string;
        };
        /**
         * @description The subject of a notification.
         * @enum {string}
         */
        NotificationKind: "order_update" | "promotion" | "account";
        /** @description The first page of one user's notifications. */
        NotificationList: {
            /** @description Cursor of this user's next page; null on the last page. */
            nextCursor: string | null;
            /** @description Newest first; empty if there are none. */
            notifications: components["schemas"]["Notification"][];
            /** @description The user who received the notifications. */
            userId: string;
        };
        /** @description A list for each requested user, in no particular order. */
        NotificationLists: {
            /** @description One list per user. */
            lists: components["schemas"]["NotificationList"][];
        };
        /** @description A page of one user's notifications. */
        NotificationPage: {
            /** @description Cursor of the next page; null on the last page. */
            nextCursor: string | null;
            /** @description Newest first. */
            notifications: components["schemas"]["Notification"][];
        };
        /** @description The reason for rejecting a request, for programs. */
        Problem: {
            /** @description Stable machine-readable reason, for example `not_found`. */
            code: string;
        };
        /** @description The result of marking notifications as read. */
        ReadResult: {
            /** @description Ids that are unknown or another user's. */
            missing: string[];
            /** @description The user's notifications, all read now, newest first. */
            notifications: components["schemas"]["Notification"][];
        };
        /** @description Number of a user's unread notifications. */
        UnreadCount: {
            /** @description Unread notifications. */
            count: number;
        };
        /** @description A count for each requested user, in no particular order. */
        UnreadCounts: {
            /** @description One count per user. */
            counts: components["schemas"]["UserUnreadCount"][];
        };
        /** @description Number of this user's unread notifications. */
        UserUnreadCount: {
            /** @description Unread notifications. */
            count: number;
            /** @description The user. */
            userId: string;
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
        /** @description The viewer may not act for that user (`viewer_mismatch`). */
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
        /** @description As `Viewer`; its `sub` must be the user whose notifications are marked. */
        ActingViewer: string;
        /** @description 1 to 100 user ids, separated by commas; before the list is percent-encoded, so are `%` and `,` in an id. */
        Users: string[];
        /** @description The user for whom the call is made: a compact JWS (RFC 7515, HS256 with the key that callers share with this service; `iss` is `frontdesk`, `aud` is `notification`, with `exp`, `sub` (user id) and `role`). Verified if present. */
        Viewer: string;
    };
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
    announcements: {
        parameters: {
            query?: never;
            header?: {
                /** @description The user for whom the call is made: a compact JWS (RFC 7515, HS256 with the key that callers share with this service; `iss` is `frontdesk`, `aud` is `notification`, with `exp`, `sub` (user id) and `role`). Verified if present. */
                "x-viewer"?: components["parameters"]["Viewer"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The announcements. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AnnouncementList"];
                };
            };
            400: components["responses"]["Invalid"];
            401: components["responses"]["Unauthorized"];
        };
    };
    listNotifications: {
        parameters: {
            query?: {
                /** @description With `user`, opaque position after which the page starts. */
                cursor?: string;
                /** @description The maximum length of the list (of each user). */
                limit?: number;
                /** @description With `user`, only unread (`true`) or only read (`false`) notifications. */
                unread?: boolean;
                /** @description One user's notifications. Answers a NotificationPage. */
                user?: string;
                /** @description 1 to 100 user ids, separated by commas; before the list is percent-encoded, so are `%` and `,` in an id. */
                users?: components["parameters"]["Users"];
            };
            header?: {
                /** @description The user for whom the call is made: a compact JWS (RFC 7515, HS256 with the key that callers share with this service; `iss` is `frontdesk`, `aud` is `notification`, with `exp`, `sub` (user id) and `role`). Verified if present. */
                "x-viewer"?: components["parameters"]["Viewer"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The notifications. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["NotificationPage"] | components["schemas"]["NotificationLists"];
                };
            };
            400: components["responses"]["Invalid"];
            401: components["responses"]["Unauthorized"];
        };
    };
    createNotification: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewNotification"];
            };
        };
        responses: {
            /** @description The new notification. */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Notification"];
                };
            };
            401: components["responses"]["Unauthorized"];
            422: components["responses"]["Unprocessable"];
        };
    };
    markRead: {
        parameters: {
            query?: never;
            header: {
                /** @description As `Viewer`; its `sub` must be the user whose notifications are marked. */
                "x-viewer": components["parameters"]["ActingViewer"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["MarkRead"];
            };
        };
        responses: {
            /** @description The notifications marked as read, and the ids that were not found. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ReadResult"];
                };
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["ViewerMismatch"];
            422: components["responses"]["Unprocessable"];
        };
    };
    countUnread: {
        parameters: {
            query?: {
                /** @description One user. Answers an UnreadCount. */
                user?: string;
                /** @description 1 to 100 user ids, separated by commas; before the list is percent-encoded, so are `%` and `,` in an id. */
                users?: components["parameters"]["Users"];
            };
            header?: {
                /** @description The user for whom the call is made: a compact JWS (RFC 7515, HS256 with the key that callers share with this service; `iss` is `frontdesk`, `aud` is `notification`, with `exp`, `sub` (user id) and `role`). Verified if present. */
                "x-viewer"?: components["parameters"]["Viewer"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The count or counts. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["UnreadCount"] | components["schemas"]["UnreadCounts"];
                };
            };
            400: components["responses"]["Invalid"];
            401: components["responses"]["Unauthorized"];
        };
    };
}
