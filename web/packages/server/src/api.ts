// Made by `npm run api` from /openapi.json; the tests hold it to what the server says.
export interface paths {
    "/api/calendar/events": {
        parameters: {
        };
        get: operations["get_api_calendar_events"];
        post: operations["post_api_calendar_events"];
    };
    "/api/calendar/events/{id}": {
        parameters: {
        };
        get: operations["get_api_calendar_events_id"];
        put: operations["put_api_calendar_events_id"];
        delete: operations["delete_api_calendar_events_id"];
    };
    "/api/calendar/reminders/{id}": {
        parameters: {
        };
        post: operations["post_api_calendar_reminders_id"];
    };
    "/api/calendar/reminders/upcoming": {
        parameters: {
        };
        post: operations["post_api_calendar_reminders_upcoming"];
    };
    "/api/sse/clients": {
        parameters: {
        };
        get: operations["get_api_sse_clients"];
    };
    "/api/sse/connections": {
        parameters: {
        };
        get: operations["get_api_sse_connections"];
    };
    "/api/sse/notify": {
        parameters: {
        };
        post: operations["post_api_sse_notify"];
    };
    "/api/sse/send": {
        parameters: {
        };
        post: operations["post_api_sse_send"];
    };
    "/api/sse/status": {
        parameters: {
        };
        get: operations["get_api_sse_status"];
    };
    "/api/sse/test": {
        parameters: {
        };
        post: operations["post_api_sse_test"];
    };
    "/api/sse/users/{user}/connections": {
        parameters: {
        };
        get: operations["get_api_sse_users_user_connections"];
    };
    "/api/v1/sse/custom": {
        parameters: {
        };
        post: operations["post_api_v1_sse_custom"];
    };
    "/api/v1/sse/notifications": {
        parameters: {
        };
        post: operations["post_api_v1_sse_notifications"];
    };
    "/api/v1/sse/notifications/{id}/deliveries": {
        parameters: {
        };
        get: operations["get_api_v1_sse_notifications_id_deliveries"];
    };
    "/api/v1/sse/notifications/{id}/read": {
        parameters: {
        };
        post: operations["post_api_v1_sse_notifications_id_read"];
    };
    "/api/v1/sse/notifications/inbox": {
        parameters: {
        };
        get: operations["get_api_v1_sse_notifications_inbox"];
    };
    "/api/v1/sse/notifications/read": {
        parameters: {
        };
        post: operations["post_api_v1_sse_notifications_read"];
    };
    "/api/v1/sse/notifications/unread": {
        parameters: {
        };
        get: operations["get_api_v1_sse_notifications_unread"];
    };
    "/api/v1/sse/system": {
        parameters: {
        };
        post: operations["post_api_v1_sse_system"];
    };
    "/auth/me": {
        parameters: {
        };
        get: operations["get_auth_me"];
    };
    "/auth/renew": {
        parameters: {
        };
        post: operations["post_auth_renew"];
    };
    "/auth/revoke": {
        parameters: {
        };
        post: operations["post_auth_revoke"];
    };
    "/auth/session": {
        parameters: {
        };
        post: operations["post_auth_session"];
        delete: operations["delete_auth_session"];
    };
    "/auth/ticket": {
        parameters: {
        };
        post: operations["post_auth_ticket"];
    };
    "/auth/token": {
        parameters: {
        };
        post: operations["post_auth_token"];
    };
    "/chat/message": {
        parameters: {
        };
        post: operations["post_chat_message"];
    };
    "/chat/room/{roomId}/invite": {
        parameters: {
        };
        post: operations["post_chat_room_roomId_invite"];
    };
    "/chat/room/{roomId}/join": {
        parameters: {
        };
        post: operations["post_chat_room_roomId_join"];
    };
    "/chat/room/{roomId}/leave": {
        parameters: {
        };
        post: operations["post_chat_room_roomId_leave"];
    };
    "/chat/room/{roomId}/members": {
        parameters: {
        };
        get: operations["get_chat_room_roomId_members"];
    };
    "/chat/room/{roomId}/members/{userId}": {
        parameters: {
        };
        delete: operations["delete_chat_room_roomId_members_userId"];
    };
    "/chat/room/{roomId}/messages": {
        parameters: {
        };
        get: operations["get_chat_room_roomId_messages"];
    };
    "/chat/room/{roomId}/typing": {
        parameters: {
        };
        post: operations["post_chat_room_roomId_typing"];
    };
    "/chat/rooms": {
        parameters: {
        };
        get: operations["get_chat_rooms"];
        post: operations["post_chat_rooms"];
    };
    "/events/clients": {
        parameters: {
        };
        get: operations["get_events_clients"];
        delete: operations["delete_events_clients"];
    };
    "/events/clients/{id}": {
        parameters: {
        };
        get: operations["get_events_clients_id"];
        delete: operations["delete_events_clients_id"];
    };
    "/events/clients/{id}/heartbeat": {
        parameters: {
        };
        post: operations["post_events_clients_id_heartbeat"];
    };
    "/events/clients/{id}/send": {
        parameters: {
        };
        post: operations["post_events_clients_id_send"];
    };
    "/events/clients/{id}/topics/{topic}": {
        parameters: {
        };
        put: operations["put_events_clients_id_topics_topic"];
        delete: operations["delete_events_clients_id_topics_topic"];
    };
    "/events/history": {
        parameters: {
        };
        get: operations["get_events_history"];
    };
    "/events/history/{id}": {
        parameters: {
        };
        put: operations["put_events_history_id"];
        delete: operations["delete_events_history_id"];
    };
    "/events/publish": {
        parameters: {
        };
        post: operations["post_events_publish"];
    };
    "/events/publish/{topic}": {
        parameters: {
        };
        post: operations["post_events_publish_topic"];
    };
    "/events/scheduled": {
        parameters: {
        };
        get: operations["get_events_scheduled"];
    };
    "/events/scheduled/{id}": {
        parameters: {
        };
        delete: operations["delete_events_scheduled_id"];
    };
    "/events/stats": {
        parameters: {
        };
        get: operations["get_events_stats"];
    };
    "/events/streams": {
        parameters: {
        };
        post: operations["post_events_streams"];
    };
    "/events/streams/{stream}": {
        parameters: {
        };
        post: operations["post_events_streams_stream"];
        delete: operations["delete_events_streams_stream"];
    };
    "/events/streams/{stream}/close": {
        parameters: {
        };
        post: operations["post_events_streams_stream_close"];
    };
    "/notifications/broadcast": {
        parameters: {
        };
        post: operations["post_notifications_broadcast"];
    };
    "/notifications/send": {
        parameters: {
        };
        post: operations["post_notifications_send"];
    };
    "/realtime/entity/{entity}/create": {
        parameters: {
        };
        post: operations["post_realtime_entity_entity_create"];
    };
    "/realtime/entity/{entity}/delete": {
        parameters: {
        };
        post: operations["post_realtime_entity_entity_delete"];
    };
    "/realtime/entity/{entity}/update": {
        parameters: {
        };
        post: operations["post_realtime_entity_entity_update"];
    };
    "/realtime/update": {
        parameters: {
        };
        post: operations["post_realtime_update"];
    };
    "/system/connections": {
        parameters: {
        };
        get: operations["get_system_connections"];
    };
    "/system/health": {
        parameters: {
        };
        get: operations["get_system_health"];
    };
    "/system/stats": {
        parameters: {
        };
        get: operations["get_system_stats"];
    };
    "/system/status/update": {
        parameters: {
        };
        post: operations["post_system_status_update"];
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        problem: {
            code: string;
            detail: string;
            status: number;
            title: string;
            type: string;
        };
    };
    responses: {
        conflict: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["problem"];
            };
        };
        forbidden: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["problem"];
            };
        };
        internal: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["problem"];
            };
        };
        late: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["problem"];
            };
        };
        longHead: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["problem"];
            };
        };
        longTarget: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["problem"];
            };
        };
        malformed: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["problem"];
            };
        };
        noLength: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["problem"];
            };
        };
        notAcceptable: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["problem"];
            };
        };
        notFound: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["problem"];
            };
        };
        otherType: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["problem"];
            };
        };
        tooLarge: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["problem"];
            };
        };
        tooOften: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["problem"];
            };
        };
        unauthenticated: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["problem"];
            };
        };
        unavailable: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["problem"];
            };
        };
    };
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
    get_api_calendar_events: {
        parameters: {
            query?: {
                after?: string;
                limit?: number;
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        events: unknown[];
                        next?: string;
                    };
                };
            };
            400: components["responses"]["malformed"];
            401: components["responses"]["unauthenticated"];
            403: components["responses"]["forbidden"];
            404: components["responses"]["notFound"];
            413: components["responses"]["tooLarge"];
            414: components["responses"]["longTarget"];
            431: components["responses"]["longHead"];
            500: components["responses"]["internal"];
            503: components["responses"]["unavailable"];
        };
    };
    post_api_calendar_events: {
        parameters: {
        };
        requestBody: {
            content: {
                "application/json": {
                    attendees?: string[];
                    data?: unknown;
                    id?: string;
                    length?: string;
                    reminders?: string[];
                    rule?: string;
                    starts: string;
                    title: string;
                    zone?: string;
                };
            };
        };
        responses: {
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        id: string;
                    };
                };
            };
            400: components["responses"]["malformed"];
            401: components["responses"]["unauthenticated"];
            403: components["responses"]["forbidden"];
            404: components["responses"]["notFound"];
            408: components["responses"]["late"];
            409: components["responses"]["conflict"];
            411: components["responses"]["noLength"];
            413: components["responses"]["tooLarge"];
            414: components["responses"]["longTarget"];
            415: components["responses"]["otherType"];
            429: components["responses"]["tooOften"];
            431: components["responses"]["longHead"];
            500: components["responses"]["internal"];
            503: components["responses"]["unavailable"];
        };
    };
    get_api_calendar_events_id: {
        parameters: {
            path: {
                id: string;
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        attendees?: string[];
                        data?: unknown;
                        id?: string;
                        length?: string;
                        owner?: string;
                        reminders?: string[];
                        rule?: string;
                        starts: string;
                        title: string;
                        zone?: string;
                    };
                };
            };
            400: components["responses"]["malformed"];
            401: components["responses"]["unauthenticated"];
            403: components["responses"]["forbidden"];
            404: components["responses"]["notFound"];
            413: components["responses"]["tooLarge"];
            414: components["responses"]["longTarget"];
            431: components["responses"]["longHead"];
            500: components["responses"]["internal"];
            503: components["responses"]["unavailable"];
        };
    };
    put_api_calendar_events_id: {
        parameters: {
            path: {
                id: string;
            };
        };
        requestBody: {
            content: {
                "application/json": {
                    attendees?: string[];
                    data?: unknown;
                    id?: string;
                    length?: string;
                    reminders?: string[];
                    rule?: string;
                    starts: string;
                    title: string;
                    zone?: string;
                };
            };
        };
        responses: {
            204: {
                headers: {
                    [name: string]: unknown;
                };
            };
            400: components["responses"]["malformed"];
            401: components["responses"]["unauthenticated"];
            403: components["responses"]["forbidden"];
            404: components["responses"]["notFound"];
            408: components["responses"]["late"];
            409: components["responses"]["conflict"];
            411: components["responses"]["noLength"];
            413: components["responses"]["tooLarge"];
            414: components["responses"]["longTarget"];
            415: components["responses"]["otherType"];
            429: components["responses"]["tooOften"];
            431: components["responses"]["longHead"];
            500: components["responses"]["internal"];
            503: components["responses"]["unavailable"];
        };
    };
    delete_api_calendar_events_id: {
        parameters: {
            path: {
                id: string;
            };
        };
        responses: {
            204: {
                headers: {
                    [name: string]: unknown;
                };
            };
            400: components["responses"]["malformed"];
            401: components["responses"]["unauthenticated"];
            403: components["responses"]["forbidden"];
            404: components["responses"]["notFound"];
            409: components["responses"]["conflict"];
            413: components["responses"]["tooLarge"];
            414: components["responses"]["longTarget"];
            429: components["responses"]["tooOften"];
            431: components["responses"]["longHead"];
            500: components["responses"]["internal"];
            503: components["responses"]["unavailable"];
        };
    };
    post_api_calendar_reminders_id: {
        parameters: {
            path: {
                id: string;
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        reminders: number;
                    };
                };
            };
            400: components["responses"]["malformed"];
            401: components["responses"]["unauthenticated"];
            403: components["responses"]["forbidden"];
            404: components["responses"]["notFound"];
            409: components["responses"]["conflict"];
            413: components["responses"]["tooLarge"];
            414: components["responses"]["longTarget"];
            429: components["responses"]["tooOften"];
            431: components["responses"]["longHead"];
            500: components["responses"]["internal"];
            503: components["responses"]["unavailable"];
        };
    };
    post_api_calendar_reminders_upcoming: {
        parameters: {
        };
        requestBody?: {
            content: {
                "application/json": {
                    within?: string;
                };
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        reminders: number;
                    };
                };
            };
            400: components["responses"]["malformed"];
            401: components["responses"]["unauthenticated"];
            403: components["responses"]["forbidden"];
            404: components["responses"]["notFound"];
            408: components["responses"]["late"];
            409: components["responses"]["conflict"];
            411: components["responses"]["noLength"];
            413: components["responses"]["tooLarge"];
            414: components["responses"]["longTarget"];
            415: components["responses"]["otherType"];
            429: components["responses"]["tooOften"];
            431: components["responses"]["longHead"];
            500: components["responses"]["internal"];
            503: components["responses"]["unavailable"];
        };
    };
    get_api_sse_clients: {
        parameters: {
            query?: {
                after?: string;
                clientIds?: string[];
                limit?: number;
                sessionId?: string[];
                userId?: string[];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        clients: unknown[];
                        next?: string;
                        stats: {
                            [key: string]: unknown;
                        };
                    };
                };
            };
            400: components["responses"]["malformed"];
            401: components["responses"]["unauthenticated"];
            403: components["responses"]["forbidden"];
            404: components["responses"]["notFound"];
            413: components["responses"]["tooLarge"];
            414: components["responses"]["longTarget"];
            431: components["responses"]["longHead"];
            500: components["responses"]["internal"];
            503: components["responses"]["unavailable"];
        };
    };
    get_api_sse_connections: {
        parameters: {
            query?: {
                after?: string;
                limit?: number;
                userId?: string[];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        connections: unknown[];
                        next?: string;
                        total: number;
                    };
                };
            };
            400: components["responses"]["malformed"];
            401: components["responses"]["unauthenticated"];
            403: components["responses"]["forbidden"];
            404: components["responses"]["notFound"];
            413: components["responses"]["tooLarge"];
            414: components["responses"]["longTarget"];
            431: components["responses"]["longHead"];
            500: components["responses"]["internal"];
            503: components["responses"]["unavailable"];
        };
    };
    post_api_sse_notify: {
        parameters: {
        };
        requestBody: {
            content: {
                "application/json": {
                    broadcast?: boolean;
                    clientIds?: string[];
                    data?: unknown;
                    event?: string;
                    id?: string;
                    metadata?: {
                        [key: string]: unknown;
                    };
                    recipients?: string[];
                    recipientUserIds?: string[];
                    retry?: number;
                    sessionId?: string;
                    sessionIds?: string[];
                    userId?: string;
                    userIds?: string[];
                };
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        events: unknown[];
                        recipients: number;
                    };
                };
            };
            400: components["responses"]["malformed"];
            401: components["responses"]["unauthenticated"];
            403: components["responses"]["forbidden"];
            404: components["responses"]["notFound"];
            408: components["responses"]["late"];
            409: components["responses"]["conflict"];
            411: components["responses"]["noLength"];
            413: components["responses"]["tooLarge"];
            414: components["responses"]["longTarget"];
            415: components["responses"]["otherType"];
            429: components["responses"]["tooOften"];
            431: components["responses"]["longHead"];
            500: components["responses"]["internal"];
            503: components["responses"]["unavailable"];
        };
    };
    post_api_sse_send: {
        parameters: {
        };
        requestBody: {
            content: {
                "application/json": {
                    data?: unknown;
                    ephemeral?: boolean;
                    recipients?: string[];
                    recipientUserIds?: string[];
                    timestamp?: string;
                    type: string;
                    userId?: string;
                    userIds?: string[];
                };
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        events: unknown[];
                        recipients: number;
                    };
                };
            };
            400: components["responses"]["malformed"];
            401: components["responses"]["unauthenticated"];
            403: components["responses"]["forbidden"];
            404: components["responses"]["notFound"];
            408: components["responses"]["late"];
            409: components["responses"]["conflict"];
            411: components["responses"]["noLength"];
            413: components["responses"]["tooLarge"];
            414: components["responses"]["longTarget"];
            415: components["responses"]["otherType"];
            429: components["responses"]["tooOften"];
            431: components["responses"]["longHead"];
            500: components["responses"]["internal"];
            503: components["responses"]["unavailable"];
        };
    };
    get_api_sse_status: {
        parameters: {
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        connected: boolean;
                        connections: number;
                        userId: string;
                    };
                };
            };
            400: components["responses"]["malformed"];
            401: components["responses"]["unauthenticated"];
            403: components["responses"]["forbidden"];
            404: components["responses"]["notFound"];
            413: components["responses"]["tooLarge"];
            414: components["responses"]["longTarget"];
            431: components["responses"]["longHead"];
            500: components["responses"]["internal"];
            503: components["responses"]["unavailable"];
        };
    };
    post_api_sse_test: {
        parameters: {
        };
        requestBody: {
            content: {
                "application/json": {
                    message: string;
                    userId: string;
                };
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        events: unknown[];
                        recipients: number;
                    };
                };
            };
            400: components["responses"]["malformed"];
            401: components["responses"]["unauthenticated"];
            403: components["responses"]["forbidden"];
            404: components["responses"]["notFound"];
            408: components["responses"]["late"];
            409: components["responses"]["conflict"];
            411: components["responses"]["noLength"];
            413: components["responses"]["tooLarge"];
            414: components["responses"]["longTarget"];
            415: components["responses"]["otherType"];
            429: components["responses"]["tooOften"];
            431: components["responses"]["longHead"];
            500: components["responses"]["internal"];
            503: components["responses"]["unavailable"];
        };
    };
    get_api_sse_users_user_connections: {
        parameters: {
            path: {
                user: string;
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        connected: boolean;
                        connections: number;
                        userId: string;
                    };
                };
            };
            400: components["responses"]["malformed"];
            401: components["responses"]["unauthenticated"];
            403: components["responses"]["forbidden"];
            404: components["responses"]["notFound"];
            413: components["responses"]["tooLarge"];
            414: components["responses"]["longTarget"];
            431: components["responses"]["longHead"];
            500: components["responses"]["internal"];
            503: components["responses"]["unavailable"];
        };
    };
    post_api_v1_sse_custom: {
        parameters: {
        };
        requestBody: {
            content: {
                "application/json": {
                    data?: unknown;
                    eventType: string;
                    recipients?: string[];
                    recipientUserIds?: string[];
                    timestamp?: string;
                    userId?: string;
                    userIds?: string[];
                };
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        events: unknown[];
                        recipients: number;
                    };
                };
            };
            400: components["responses"]["malformed"];
            401: components["responses"]["unauthenticated"];
            403: components["responses"]["forbidden"];
            404: components["responses"]["notFound"];
            408: components["responses"]["late"];
            409: components["responses"]["conflict"];
            411: components["responses"]["noLength"];
            413: components["responses"]["tooLarge"];
            414: components["responses"]["longTarget"];
            415: components["responses"]["otherType"];
            429: components["responses"]["tooOften"];
            431: components["responses"]["longHead"];
            500: components["responses"]["internal"];
            503: components["responses"]["unavailable"];
        };
    };
    post_api_v1_sse_notifications: {
        parameters: {
        };
        requestBody: {
            content: {
                "application/json": {
                    action?: string;
                    data?: unknown;
                    id?: string;
                    message?: string;
                    notificationId?: string;
                    notificationType?: string;
                    priority?: string;
                    recipients?: string[];
                    recipientUserIds?: string[];
                    timestamp?: string;
                    title?: string;
                    type?: string;
                    userId?: string;
                    userIds?: string[];
                };
            };
        };
        responses: {
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        notificationId: string;
                        published: boolean;
                        recipients: number;
                    };
                };
            };
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        notificationId: string;
                        published: boolean;
                        recipients: number;
                    };
                };
            };
            400: components["responses"]["malformed"];
            401: components["responses"]["unauthenticated"];
            403: components["responses"]["forbidden"];
            404: components["responses"]["notFound"];
            408: components["responses"]["late"];
            409: components["responses"]["conflict"];
            411: components["responses"]["noLength"];
            413: components["responses"]["tooLarge"];
            414: components["responses"]["longTarget"];
            415: components["responses"]["otherType"];
            429: components["responses"]["tooOften"];
            431: components["responses"]["longHead"];
            500: components["responses"]["internal"];
            503: components["responses"]["unavailable"];
        };
    };
    get_api_v1_sse_notifications_id_deliveries: {
        parameters: {
            query?: {
                after?: string;
                limit?: number;
            };
            path: {
                id: string;
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        deliveries: unknown[];
                        next?: string;
                        notificationId: string;
                    };
                };
            };
            400: components["responses"]["malformed"];
            401: components["responses"]["unauthenticated"];
            403: components["responses"]["forbidden"];
            404: components["responses"]["notFound"];
            413: components["responses"]["tooLarge"];
            414: components["responses"]["longTarget"];
            431: components["responses"]["longHead"];
            500: components["responses"]["internal"];
            503: components["responses"]["unavailable"];
        };
    };
    post_api_v1_sse_notifications_id_read: {
        parameters: {
            path: {
                id: string;
            };
        };
        responses: {
            204: {
                headers: {
                    [name: string]: unknown;
                };
            };
            400: components["responses"]["malformed"];
            401: components["responses"]["unauthenticated"];
            403: components["responses"]["forbidden"];
            404: components["responses"]["notFound"];
            409: components["responses"]["conflict"];
            413: components["responses"]["tooLarge"];
            414: components["responses"]["longTarget"];
            429: components["responses"]["tooOften"];
            431: components["responses"]["longHead"];
            500: components["responses"]["internal"];
            503: components["responses"]["unavailable"];
        };
    };
    get_api_v1_sse_notifications_inbox: {
        parameters: {
            query?: {
                before?: number;
                limit?: number;
                unread?: boolean;
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        next?: number;
                        notifications: unknown[];
                    };
                };
            };
            400: components["responses"]["malformed"];
            401: components["responses"]["unauthenticated"];
            403: components["responses"]["forbidden"];
            404: components["responses"]["notFound"];
            413: components["responses"]["tooLarge"];
            414: components["responses"]["longTarget"];
            431: components["responses"]["longHead"];
            500: components["responses"]["internal"];
            503: components["responses"]["unavailable"];
        };
    };
    post_api_v1_sse_notifications_read: {
        parameters: {
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        marked: number;
                    };
                };
            };
            400: components["responses"]["malformed"];
            401: components["responses"]["unauthenticated"];
            403: components["responses"]["forbidden"];
            404: components["responses"]["notFound"];
            409: components["responses"]["conflict"];
            413: components["responses"]["tooLarge"];
            414: components["responses"]["longTarget"];
            429: components["responses"]["tooOften"];
            431: components["responses"]["longHead"];
            500: components["responses"]["internal"];
            503: components["responses"]["unavailable"];
        };
    };
    get_api_v1_sse_notifications_unread: {
        parameters: {
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        unread: number;
                    };
                };
            };
            400: components["responses"]["malformed"];
            401: components["responses"]["unauthenticated"];
            403: components["responses"]["forbidden"];
            404: components["responses"]["notFound"];
            413: components["responses"]["tooLarge"];
            414: components["responses"]["longTarget"];
            431: components["responses"]["longHead"];
            500: components["responses"]["internal"];
            503: components["responses"]["unavailable"];
        };
    };
    post_api_v1_sse_system: {
        parameters: {
        };
        requestBody: {
            content: {
                "application/json": {
                    data?: unknown;
                    eventType: string;
                    timestamp?: string;
                };
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        events: unknown[];
                        recipients: number;
                    };
                };
            };
            400: components["responses"]["malformed"];
            401: components["responses"]["unauthenticated"];
            403: components["responses"]["forbidden"];
            404: components["responses"]["notFound"];
            408: components["responses"]["late"];
            409: components["responses"]["conflict"];
            411: components["responses"]["noLength"];
            413: components["responses"]["tooLarge"];
            414: components["responses"]["longTarget"];
            415: components["responses"]["otherType"];
            429: components["responses"]["tooOften"];
            431: components["responses"]["longHead"];
            500: components["responses"]["internal"];
            503: components["responses"]["unavailable"];
        };
    };
    get_auth_me: {
        parameters: {
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": unknown;
                };
            };
            400: components["responses"]["malformed"];
            401: components["responses"]["unauthenticated"];
            403: components["responses"]["forbidden"];
            404: components["responses"]["notFound"];
            413: components["responses"]["tooLarge"];
            414: components["responses"]["longTarget"];
            431: components["responses"]["longHead"];
            500: components["responses"]["internal"];
            503: components["responses"]["unavailable"];
        };
    };
    post_auth_renew: {
        parameters: {
        };
        requestBody: {
            content: {
                "application/json": unknown;
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": unknown;
                };
            };
            400: components["responses"]["malformed"];
            401: components["responses"]["unauthenticated"];
            403: components["responses"]["forbidden"];
            404: components["responses"]["notFound"];
            408: components["responses"]["late"];
            409: components["responses"]["conflict"];
            411: components["responses"]["noLength"];
            413: components["responses"]["tooLarge"];
            414: components["responses"]["longTarget"];
            415: components["responses"]["otherType"];
            429: components["responses"]["tooOften"];
            431: components["responses"]["longHead"];
            500: components["responses"]["internal"];
            503: components["responses"]["unavailable"];
        };
    };
    post_auth_revoke: {
        parameters: {
        };
        requestBody: {
            content: {
                "application/json": unknown;
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": unknown;
                };
            };
            400: components["responses"]["malformed"];
            401: components["responses"]["unauthenticated"];
            403: components["responses"]["forbidden"];
            404: components["responses"]["notFound"];
            408: components["responses"]["late"];
            409: components["responses"]["conflict"];
            411: components["responses"]["noLength"];
            413: components["responses"]["tooLarge"];
            414: components["responses"]["longTarget"];
            415: components["responses"]["otherType"];
            429: components["responses"]["tooOften"];
            431: components["responses"]["longHead"];
            500: components["responses"]["internal"];
            503: components["responses"]["unavailable"];
        };
    };
    post_auth_session: {
        parameters: {
        };
        responses: {
            204: {
                headers: {
                    [name: string]: unknown;
                };
            };
            400: components["responses"]["malformed"];
            401: components["responses"]["unauthenticated"];
            403: components["responses"]["forbidden"];
            404: components["responses"]["notFound"];
            409: components["responses"]["conflict"];
            413: components["responses"]["tooLarge"];
            414: components["responses"]["longTarget"];
            429: components["responses"]["tooOften"];
            431: components["responses"]["longHead"];
            500: components["responses"]["internal"];
            503: components["responses"]["unavailable"];
        };
    };
    delete_auth_session: {
        parameters: {
        };
        responses: {
            204: {
                headers: {
                    [name: string]: unknown;
                };
            };
            400: components["responses"]["malformed"];
            403: components["responses"]["forbidden"];
            404: components["responses"]["notFound"];
            409: components["responses"]["conflict"];
            413: components["responses"]["tooLarge"];
            414: components["responses"]["longTarget"];
            429: components["responses"]["tooOften"];
            431: components["responses"]["longHead"];
            500: components["responses"]["internal"];
            503: components["responses"]["unavailable"];
        };
    };
    post_auth_ticket: {
        parameters: {
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        expiresIn: number;
                        ticket: string;
                    };
                };
            };
            400: components["responses"]["malformed"];
            401: components["responses"]["unauthenticated"];
            403: components["responses"]["forbidden"];
            404: components["responses"]["notFound"];
            409: components["responses"]["conflict"];
            413: components["responses"]["tooLarge"];
            414: components["responses"]["longTarget"];
            429: components["responses"]["tooOften"];
            431: components["responses"]["longHead"];
            500: components["responses"]["internal"];
            503: components["responses"]["unavailable"];
        };
    };
    post_auth_token: {
        parameters: {
        };
        requestBody: {
            content: {
                "application/json": {
                    expiresIn?: number;
                    publish?: string[];
                    roles?: string[];
                    sessionId?: string;
                    subscribe?: string[];
                    userId: string;
                };
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        expiresAt: string;
                        token: string;
                    };
                };
            };
            400: components["responses"]["malformed"];
            401: components["responses"]["unauthenticated"];
            403: components["responses"]["forbidden"];
            404: components["responses"]["notFound"];
            408: components["responses"]["late"];
            409: components["responses"]["conflict"];
            411: components["responses"]["noLength"];
            413: components["responses"]["tooLarge"];
            414: components["responses"]["longTarget"];
            415: components["responses"]["otherType"];
            429: components["responses"]["tooOften"];
            431: components["responses"]["longHead"];
            500: components["responses"]["internal"];
            503: components["responses"]["unavailable"];
        };
    };
    post_chat_message: {
        parameters: {
        };
        requestBody: {
            content: {
                "application/json": {
                    content?: string;
                    data?: unknown;
                    message?: string;
                    room?: string;
                    roomId?: string;
                    text?: string;
                    type?: unknown;
                };
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        message: {
                            [key: string]: unknown;
                        };
                        success: boolean;
                    };
                };
            };
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        message: {
                            [key: string]: unknown;
                        };
                        success: boolean;
                    };
                };
            };
            400: components["responses"]["malformed"];
            401: components["responses"]["unauthenticated"];
            403: components["responses"]["forbidden"];
            404: components["responses"]["notFound"];
            408: components["responses"]["late"];
            409: components["responses"]["conflict"];
            411: components["responses"]["noLength"];
            413: components["responses"]["tooLarge"];
            414: components["responses"]["longTarget"];
            415: components["responses"]["otherType"];
            429: components["responses"]["tooOften"];
            431: components["responses"]["longHead"];
            500: components["responses"]["internal"];
            503: components["responses"]["unavailable"];
        };
    };
    post_chat_room_roomId_invite: {
        parameters: {
            path: {
                roomId: string;
            };
        };
        requestBody: {
            content: {
                "application/json": {
                    userId: string;
                };
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        success: boolean;
                    };
                };
            };
            400: components["responses"]["malformed"];
            401: components["responses"]["unauthenticated"];
            403: components["responses"]["forbidden"];
            404: components["responses"]["notFound"];
            408: components["responses"]["late"];
            409: components["responses"]["conflict"];
            411: components["responses"]["noLength"];
            413: components["responses"]["tooLarge"];
            414: components["responses"]["longTarget"];
            415: components["responses"]["otherType"];
            429: components["responses"]["tooOften"];
            431: components["responses"]["longHead"];
            500: components["responses"]["internal"];
            503: components["responses"]["unavailable"];
        };
    };
    post_chat_room_roomId_join: {
        parameters: {
            path: {
                roomId: string;
            };
        };
        requestBody?: {
            content: {
                "application/json": unknown;
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        createdAt: string;
                        messages: unknown[];
                        name?: string;
                        open: boolean;
                        owner: string;
                        roomId: string;
                        success: boolean;
                    };
                };
            };
            400: components["responses"]["malformed"];
            401: components["responses"]["unauthenticated"];
            403: components["responses"]["forbidden"];
            404: components["responses"]["notFound"];
            408: components["responses"]["late"];
            409: components["responses"]["conflict"];
            411: components["responses"]["noLength"];
            413: components["responses"]["tooLarge"];
            414: components["responses"]["longTarget"];
            415: components["responses"]["otherType"];
            429: components["responses"]["tooOften"];
            431: components["responses"]["longHead"];
            500: components["responses"]["internal"];
            503: components["responses"]["unavailable"];
        };
    };
    post_chat_room_roomId_leave: {
        parameters: {
            path: {
                roomId: string;
            };
        };
        requestBody?: {
            content: {
                "application/json": unknown;
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        success: boolean;
                    };
                };
            };
            400: components["responses"]["malformed"];
            401: components["responses"]["unauthenticated"];
            403: components["responses"]["forbidden"];
            404: components["responses"]["notFound"];
            408: components["responses"]["late"];
            409: components["responses"]["conflict"];
            411: components["responses"]["noLength"];
            413: components["responses"]["tooLarge"];
            414: components["responses"]["longTarget"];
            415: components["responses"]["otherType"];
            429: components["responses"]["tooOften"];
            431: components["responses"]["longHead"];
            500: components["responses"]["internal"];
            503: components["responses"]["unavailable"];
        };
    };
    get_chat_room_roomId_members: {
        parameters: {
            query?: {
                after?: string;
                limit?: number;
            };
            path: {
                roomId: string;
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        members: string[];
                        next?: string;
                    };
                };
            };
            400: components["responses"]["malformed"];
            401: components["responses"]["unauthenticated"];
            403: components["responses"]["forbidden"];
            404: components["responses"]["notFound"];
            413: components["responses"]["tooLarge"];
            414: components["responses"]["longTarget"];
            431: components["responses"]["longHead"];
            500: components["responses"]["internal"];
            503: components["responses"]["unavailable"];
        };
    };
    delete_chat_room_roomId_members_userId: {
        parameters: {
            path: {
                roomId: string;
                userId: string;
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        success: boolean;
                    };
                };
            };
            400: components["responses"]["malformed"];
            401: components["responses"]["unauthenticated"];
            403: components["responses"]["forbidden"];
            404: components["responses"]["notFound"];
            409: components["responses"]["conflict"];
            413: components["responses"]["tooLarge"];
            414: components["responses"]["longTarget"];
            429: components["responses"]["tooOften"];
            431: components["responses"]["longHead"];
            500: components["responses"]["internal"];
            503: components["responses"]["unavailable"];
        };
    };
    get_chat_room_roomId_messages: {
        parameters: {
            query?: {
                before?: number;
                limit?: number;
            };
            path: {
                roomId: string;
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        before?: number;
                        messages: unknown[];
                    };
                };
            };
            400: components["responses"]["malformed"];
            401: components["responses"]["unauthenticated"];
            403: components["responses"]["forbidden"];
            404: components["responses"]["notFound"];
            413: components["responses"]["tooLarge"];
            414: components["responses"]["longTarget"];
            431: components["responses"]["longHead"];
            500: components["responses"]["internal"];
            503: components["responses"]["unavailable"];
        };
    };
    post_chat_room_roomId_typing: {
        parameters: {
            path: {
                roomId: string;
            };
        };
        requestBody?: {
            content: {
                "application/json": {
                    isTyping?: boolean;
                    typing?: boolean;
                };
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        success: boolean;
                    };
                };
            };
            400: components["responses"]["malformed"];
            401: components["responses"]["unauthenticated"];
            403: components["responses"]["forbidden"];
            404: components["responses"]["notFound"];
            408: components["responses"]["late"];
            409: components["responses"]["conflict"];
            411: components["responses"]["noLength"];
            413: components["responses"]["tooLarge"];
            414: components["responses"]["longTarget"];
            415: components["responses"]["otherType"];
            429: components["responses"]["tooOften"];
            431: components["responses"]["longHead"];
            500: components["responses"]["internal"];
            503: components["responses"]["unavailable"];
        };
    };
    get_chat_rooms: {
        parameters: {
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        rooms: unknown[];
                    };
                };
            };
            400: components["responses"]["malformed"];
            401: components["responses"]["unauthenticated"];
            403: components["responses"]["forbidden"];
            404: components["responses"]["notFound"];
            413: components["responses"]["tooLarge"];
            414: components["responses"]["longTarget"];
            431: components["responses"]["longHead"];
            500: components["responses"]["internal"];
            503: components["responses"]["unavailable"];
        };
    };
    post_chat_rooms: {
        parameters: {
        };
        requestBody: {
            content: {
                "application/json": {
                    id?: string;
                    name?: string;
                    open?: boolean;
                    roomId?: string;
                };
            };
        };
        responses: {
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        createdAt: string;
                        name?: string;
                        open: boolean;
                        owner: string;
                        roomId: string;
                    };
                };
            };
            400: components["responses"]["malformed"];
            401: components["responses"]["unauthenticated"];
            403: components["responses"]["forbidden"];
            404: components["responses"]["notFound"];
            408: components["responses"]["late"];
            409: components["responses"]["conflict"];
            411: components["responses"]["noLength"];
            413: components["responses"]["tooLarge"];
            414: components["responses"]["longTarget"];
            415: components["responses"]["otherType"];
            429: components["responses"]["tooOften"];
            431: components["responses"]["longHead"];
            500: components["responses"]["internal"];
            503: components["responses"]["unavailable"];
        };
    };
    get_events_clients: {
        parameters: {
            query?: {
                after?: string;
                client?: string[];
                limit?: number;
                profile?: string[];
                session?: string[];
                topic?: string;
                user?: string[];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        clients: unknown[];
                        next?: string;
                        total: number;
                    };
                };
            };
            400: components["responses"]["malformed"];
            401: components["responses"]["unauthenticated"];
            403: components["responses"]["forbidden"];
            404: components["responses"]["notFound"];
            413: components["responses"]["tooLarge"];
            414: components["responses"]["longTarget"];
            431: components["responses"]["longHead"];
            500: components["responses"]["internal"];
            503: components["responses"]["unavailable"];
        };
    };
    delete_events_clients: {
        parameters: {
            query?: {
                client?: string[];
                profile?: string[];
                session?: string[];
                topic?: string;
                user?: string[];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        ended: number;
                    };
                };
            };
            400: components["responses"]["malformed"];
            401: components["responses"]["unauthenticated"];
            403: components["responses"]["forbidden"];
            404: components["responses"]["notFound"];
            409: components["responses"]["conflict"];
            413: components["responses"]["tooLarge"];
            414: components["responses"]["longTarget"];
            429: components["responses"]["tooOften"];
            431: components["responses"]["longHead"];
            500: components["responses"]["internal"];
            503: components["responses"]["unavailable"];
        };
    };
    get_events_clients_id: {
        parameters: {
            path: {
                id: string;
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        address?: string;
                        behind?: boolean;
                        bytes?: number;
                        connected?: boolean;
                        connectedAt?: string;
                        durable?: boolean;
                        events?: number;
                        id: string;
                        lastEventAt?: string;
                        lastEventId?: string;
                        lastHeartbeatAt?: string;
                        metadata?: {
                            [key: string]: unknown;
                        };
                        profile?: string;
                        session?: string;
                        topics: string[];
                        user?: string;
                    };
                };
            };
            400: components["responses"]["malformed"];
            401: components["responses"]["unauthenticated"];
            403: components["responses"]["forbidden"];
            404: components["responses"]["notFound"];
            413: components["responses"]["tooLarge"];
            414: components["responses"]["longTarget"];
            431: components["responses"]["longHead"];
            500: components["responses"]["internal"];
            503: components["responses"]["unavailable"];
        };
    };
    delete_events_clients_id: {
        parameters: {
            path: {
                id: string;
            };
        };
        responses: {
            204: {
                headers: {
                    [name: string]: unknown;
                };
            };
            400: components["responses"]["malformed"];
            401: components["responses"]["unauthenticated"];
            403: components["responses"]["forbidden"];
            404: components["responses"]["notFound"];
            409: components["responses"]["conflict"];
            413: components["responses"]["tooLarge"];
            414: components["responses"]["longTarget"];
            429: components["responses"]["tooOften"];
            431: components["responses"]["longHead"];
            500: components["responses"]["internal"];
            503: components["responses"]["unavailable"];
        };
    };
    post_events_clients_id_heartbeat: {
        parameters: {
            path: {
                id: string;
            };
        };
        responses: {
            204: {
                headers: {
                    [name: string]: unknown;
                };
            };
            400: components["responses"]["malformed"];
            401: components["responses"]["unauthenticated"];
            403: components["responses"]["forbidden"];
            404: components["responses"]["notFound"];
            409: components["responses"]["conflict"];
            413: components["responses"]["tooLarge"];
            414: components["responses"]["longTarget"];
            429: components["responses"]["tooOften"];
            431: components["responses"]["longHead"];
            500: components["responses"]["internal"];
            503: components["responses"]["unavailable"];
        };
    };
    post_events_clients_id_send: {
        parameters: {
            path: {
                id: string;
            };
        };
        requestBody: {
            content: {
                "application/json": {
                    comment?: string;
                    data: unknown;
                    deliverAt?: unknown;
                    ephemeral?: boolean;
                    event?: string;
                    expires?: unknown;
                    id?: string;
                    idempotencyKey?: string;
                    key?: string;
                    metadata?: {
                        [key: string]: unknown;
                    };
                    private?: boolean;
                    retain?: boolean;
                    retry?: number;
                    timestamp?: unknown;
                    ttl?: unknown;
                };
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        id?: string;
                        position?: number;
                    };
                };
            };
            400: components["responses"]["malformed"];
            401: components["responses"]["unauthenticated"];
            403: components["responses"]["forbidden"];
            404: components["responses"]["notFound"];
            408: components["responses"]["late"];
            409: components["responses"]["conflict"];
            411: components["responses"]["noLength"];
            413: components["responses"]["tooLarge"];
            414: components["responses"]["longTarget"];
            415: components["responses"]["otherType"];
            429: components["responses"]["tooOften"];
            431: components["responses"]["longHead"];
            500: components["responses"]["internal"];
            503: components["responses"]["unavailable"];
        };
    };
    put_events_clients_id_topics_topic: {
        parameters: {
            path: {
                id: string;
                topic: string;
            };
        };
        responses: {
            204: {
                headers: {
                    [name: string]: unknown;
                };
            };
            400: components["responses"]["malformed"];
            401: components["responses"]["unauthenticated"];
            403: components["responses"]["forbidden"];
            404: components["responses"]["notFound"];
            409: components["responses"]["conflict"];
            413: components["responses"]["tooLarge"];
            414: components["responses"]["longTarget"];
            429: components["responses"]["tooOften"];
            431: components["responses"]["longHead"];
            500: components["responses"]["internal"];
            503: components["responses"]["unavailable"];
        };
    };
    delete_events_clients_id_topics_topic: {
        parameters: {
            path: {
                id: string;
                topic: string;
            };
        };
        responses: {
            204: {
                headers: {
                    [name: string]: unknown;
                };
            };
            400: components["responses"]["malformed"];
            401: components["responses"]["unauthenticated"];
            403: components["responses"]["forbidden"];
            404: components["responses"]["notFound"];
            409: components["responses"]["conflict"];
            413: components["responses"]["tooLarge"];
            414: components["responses"]["longTarget"];
            429: components["responses"]["tooOften"];
            431: components["responses"]["longHead"];
            500: components["responses"]["internal"];
            503: components["responses"]["unavailable"];
        };
    };
    get_events_history: {
        parameters: {
            query?: {
                events?: string;
                last?: number;
                last_event_id?: string;
                limit?: number;
                since?: string;
                topic?: string[];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        events: unknown[];
                        gap?: {
                            [key: string]: unknown;
                        };
                        more: boolean;
                        next: string;
                        resume: string;
                    };
                };
            };
            400: components["responses"]["malformed"];
            401: components["responses"]["unauthenticated"];
            403: components["responses"]["forbidden"];
            404: components["responses"]["notFound"];
            413: components["responses"]["tooLarge"];
            414: components["responses"]["longTarget"];
            431: components["responses"]["longHead"];
            500: components["responses"]["internal"];
            503: components["responses"]["unavailable"];
        };
    };
    put_events_history_id: {
        parameters: {
            query: {
                topic: string;
            };
            path: {
                id: string;
            };
        };
        requestBody: {
            content: {
                "application/json": {
                    comment?: string;
                    data: unknown;
                    deliverAt?: unknown;
                    ephemeral?: boolean;
                    event?: string;
                    expires?: unknown;
                    id?: string;
                    idempotencyKey?: string;
                    key?: string;
                    metadata?: {
                        [key: string]: unknown;
                    };
                    private?: boolean;
                    retain?: boolean;
                    retry?: number;
                    timestamp?: unknown;
                    ttl?: unknown;
                };
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        id?: string;
                        position?: number;
                        topic?: string;
                    };
                };
            };
            400: components["responses"]["malformed"];
            401: components["responses"]["unauthenticated"];
            403: components["responses"]["forbidden"];
            404: components["responses"]["notFound"];
            408: components["responses"]["late"];
            409: components["responses"]["conflict"];
            411: components["responses"]["noLength"];
            413: components["responses"]["tooLarge"];
            414: components["responses"]["longTarget"];
            415: components["responses"]["otherType"];
            429: components["responses"]["tooOften"];
            431: components["responses"]["longHead"];
            500: components["responses"]["internal"];
            503: components["responses"]["unavailable"];
        };
    };
    delete_events_history_id: {
        parameters: {
            query: {
                topic: string;
            };
            path: {
                id: string;
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        id?: string;
                        position?: number;
                        topic?: string;
                    };
                };
            };
            400: components["responses"]["malformed"];
            401: components["responses"]["unauthenticated"];
            403: components["responses"]["forbidden"];
            404: components["responses"]["notFound"];
            409: components["responses"]["conflict"];
            413: components["responses"]["tooLarge"];
            414: components["responses"]["longTarget"];
            429: components["responses"]["tooOften"];
            431: components["responses"]["longHead"];
            500: components["responses"]["internal"];
            503: components["responses"]["unavailable"];
        };
    };
    post_events_publish: {
        parameters: {
        };
        requestBody: {
            content: {
                "application/json": {
                    comment?: string;
                    data: unknown;
                    deliverAt?: unknown;
                    ephemeral?: boolean;
                    event?: string;
                    expires?: unknown;
                    id?: string;
                    idempotencyKey?: string;
                    key?: string;
                    metadata?: {
                        [key: string]: unknown;
                    };
                    private?: boolean;
                    retain?: boolean;
                    retry?: number;
                    timestamp?: unknown;
                    topic?: string;
                    topics?: string[];
                    ttl?: unknown;
                } | {
                    comment?: string;
                    data: unknown;
                    deliverAt?: unknown;
                    ephemeral?: boolean;
                    event?: string;
                    expires?: unknown;
                    id?: string;
                    idempotencyKey?: string;
                    key?: string;
                    metadata?: {
                        [key: string]: unknown;
                    };
                    private?: boolean;
                    retain?: boolean;
                    retry?: number;
                    timestamp?: unknown;
                    topic?: string;
                    topics?: string[];
                    ttl?: unknown;
                }[];
                "application/jsonl": string;
                "application/ndjson": string;
                "application/x-ndjson": string;
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        id?: string;
                        position?: number;
                        topic?: string;
                    } | {
                        id?: string;
                        position?: number;
                        topic?: string;
                    }[];
                };
            };
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        scheduledId: string;
                    };
                };
            };
            400: components["responses"]["malformed"];
            401: components["responses"]["unauthenticated"];
            403: components["responses"]["forbidden"];
            404: components["responses"]["notFound"];
            408: components["responses"]["late"];
            409: components["responses"]["conflict"];
            411: components["responses"]["noLength"];
            413: components["responses"]["tooLarge"];
            414: components["responses"]["longTarget"];
            415: components["responses"]["otherType"];
            429: components["responses"]["tooOften"];
            431: components["responses"]["longHead"];
            500: components["responses"]["internal"];
            503: components["responses"]["unavailable"];
        };
    };
    post_events_publish_topic: {
        parameters: {
            path: {
                topic: string;
            };
        };
        requestBody: {
            content: {
                "application/json": {
                    comment?: string;
                    data: unknown;
                    deliverAt?: unknown;
                    ephemeral?: boolean;
                    event?: string;
                    expires?: unknown;
                    id?: string;
                    idempotencyKey?: string;
                    key?: string;
                    metadata?: {
                        [key: string]: unknown;
                    };
                    private?: boolean;
                    retain?: boolean;
                    retry?: number;
                    timestamp?: unknown;
                    topic?: string;
                    topics?: string[];
                    ttl?: unknown;
                } | {
                    comment?: string;
                    data: unknown;
                    deliverAt?: unknown;
                    ephemeral?: boolean;
                    event?: string;
                    expires?: unknown;
                    id?: string;
                    idempotencyKey?: string;
                    key?: string;
                    metadata?: {
                        [key: string]: unknown;
                    };
                    private?: boolean;
                    retain?: boolean;
                    retry?: number;
                    timestamp?: unknown;
                    topic?: string;
                    topics?: string[];
                    ttl?: unknown;
                }[];
                "application/jsonl": string;
                "application/ndjson": string;
                "application/x-ndjson": string;
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        id?: string;
                        position?: number;
                        topic?: string;
                    } | {
                        id?: string;
                        position?: number;
                        topic?: string;
                    }[];
                };
            };
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        scheduledId: string;
                    };
                };
            };
            400: components["responses"]["malformed"];
            401: components["responses"]["unauthenticated"];
            403: components["responses"]["forbidden"];
            404: components["responses"]["notFound"];
            408: components["responses"]["late"];
            409: components["responses"]["conflict"];
            411: components["responses"]["noLength"];
            413: components["responses"]["tooLarge"];
            414: components["responses"]["longTarget"];
            415: components["responses"]["otherType"];
            429: components["responses"]["tooOften"];
            431: components["responses"]["longHead"];
            500: components["responses"]["internal"];
            503: components["responses"]["unavailable"];
        };
    };
    get_events_scheduled: {
        parameters: {
            query?: {
                after?: string;
                limit?: number;
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        next?: string;
                        scheduled: unknown[];
                    };
                };
            };
            400: components["responses"]["malformed"];
            401: components["responses"]["unauthenticated"];
            403: components["responses"]["forbidden"];
            404: components["responses"]["notFound"];
            413: components["responses"]["tooLarge"];
            414: components["responses"]["longTarget"];
            431: components["responses"]["longHead"];
            500: components["responses"]["internal"];
            503: components["responses"]["unavailable"];
        };
    };
    delete_events_scheduled_id: {
        parameters: {
            path: {
                id: string;
            };
        };
        responses: {
            204: {
                headers: {
                    [name: string]: unknown;
                };
            };
            400: components["responses"]["malformed"];
            401: components["responses"]["unauthenticated"];
            403: components["responses"]["forbidden"];
            404: components["responses"]["notFound"];
            409: components["responses"]["conflict"];
            413: components["responses"]["tooLarge"];
            414: components["responses"]["longTarget"];
            429: components["responses"]["tooOften"];
            431: components["responses"]["longHead"];
            500: components["responses"]["internal"];
            503: components["responses"]["unavailable"];
        };
    };
    get_events_stats: {
        parameters: {
            query?: {
                client?: string[];
                profile?: string[];
                session?: string[];
                top?: number;
                topic?: string;
                user?: string[];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        averageDurationMs: number;
                        byProfile: unknown[];
                        bytes: number;
                        byTopic: unknown[];
                        byUser: unknown[];
                        durable: number;
                        events: number;
                        lastEventAt?: string;
                        sinceStart: {
                            [key: string]: unknown;
                        };
                        slow: number;
                        streams: number;
                        users: number;
                    };
                };
            };
            400: components["responses"]["malformed"];
            401: components["responses"]["unauthenticated"];
            403: components["responses"]["forbidden"];
            404: components["responses"]["notFound"];
            413: components["responses"]["tooLarge"];
            414: components["responses"]["longTarget"];
            431: components["responses"]["longHead"];
            500: components["responses"]["internal"];
            503: components["responses"]["unavailable"];
        };
    };
    post_events_streams: {
        parameters: {
        };
        responses: {
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        stream: string;
                    };
                };
            };
            400: components["responses"]["malformed"];
            401: components["responses"]["unauthenticated"];
            403: components["responses"]["forbidden"];
            404: components["responses"]["notFound"];
            409: components["responses"]["conflict"];
            413: components["responses"]["tooLarge"];
            414: components["responses"]["longTarget"];
            429: components["responses"]["tooOften"];
            431: components["responses"]["longHead"];
            500: components["responses"]["internal"];
            503: components["responses"]["unavailable"];
        };
    };
    post_events_streams_stream: {
        parameters: {
            path: {
                stream: string;
            };
        };
        requestBody: {
            content: {
                "application/json": {
                    comment?: string;
                    data: unknown;
                    deliverAt?: unknown;
                    ephemeral?: boolean;
                    event?: string;
                    expires?: unknown;
                    id?: string;
                    idempotencyKey?: string;
                    key?: string;
                    metadata?: {
                        [key: string]: unknown;
                    };
                    private?: boolean;
                    retain?: boolean;
                    retry?: number;
                    timestamp?: unknown;
                    ttl?: unknown;
                } | {
                    comment?: string;
                    data: unknown;
                    deliverAt?: unknown;
                    ephemeral?: boolean;
                    event?: string;
                    expires?: unknown;
                    id?: string;
                    idempotencyKey?: string;
                    key?: string;
                    metadata?: {
                        [key: string]: unknown;
                    };
                    private?: boolean;
                    retain?: boolean;
                    retry?: number;
                    timestamp?: unknown;
                    ttl?: unknown;
                }[];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        id?: string;
                        position?: number;
                        stopRequested: boolean;
                    };
                };
            };
            400: components["responses"]["malformed"];
            401: components["responses"]["unauthenticated"];
            403: components["responses"]["forbidden"];
            404: components["responses"]["notFound"];
            408: components["responses"]["late"];
            409: components["responses"]["conflict"];
            411: components["responses"]["noLength"];
            413: components["responses"]["tooLarge"];
            414: components["responses"]["longTarget"];
            415: components["responses"]["otherType"];
            429: components["responses"]["tooOften"];
            431: components["responses"]["longHead"];
            500: components["responses"]["internal"];
            503: components["responses"]["unavailable"];
        };
    };
    delete_events_streams_stream: {
        parameters: {
            path: {
                stream: string;
            };
        };
        responses: {
            202: {
                headers: {
                    [name: string]: unknown;
                };
            };
            400: components["responses"]["malformed"];
            401: components["responses"]["unauthenticated"];
            403: components["responses"]["forbidden"];
            404: components["responses"]["notFound"];
            409: components["responses"]["conflict"];
            413: components["responses"]["tooLarge"];
            414: components["responses"]["longTarget"];
            429: components["responses"]["tooOften"];
            431: components["responses"]["longHead"];
            500: components["responses"]["internal"];
            503: components["responses"]["unavailable"];
        };
    };
    post_events_streams_stream_close: {
        parameters: {
            path: {
                stream: string;
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        id?: string;
                        position?: number;
                        stream: string;
                    };
                };
            };
            400: components["responses"]["malformed"];
            401: components["responses"]["unauthenticated"];
            403: components["responses"]["forbidden"];
            404: components["responses"]["notFound"];
            409: components["responses"]["conflict"];
            413: components["responses"]["tooLarge"];
            414: components["responses"]["longTarget"];
            429: components["responses"]["tooOften"];
            431: components["responses"]["longHead"];
            500: components["responses"]["internal"];
            503: components["responses"]["unavailable"];
        };
    };
    post_notifications_broadcast: {
        parameters: {
        };
        requestBody: {
            content: {
                "application/json": {
                    action?: string;
                    data?: unknown;
                    message?: string;
                    priority?: string;
                    title?: string;
                    type?: string;
                };
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        id: string;
                        recipients?: number;
                        success: boolean;
                    };
                };
            };
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        id: string;
                        recipients?: number;
                        success: boolean;
                    };
                };
            };
            400: components["responses"]["malformed"];
            401: components["responses"]["unauthenticated"];
            403: components["responses"]["forbidden"];
            404: components["responses"]["notFound"];
            408: components["responses"]["late"];
            409: components["responses"]["conflict"];
            411: components["responses"]["noLength"];
            413: components["responses"]["tooLarge"];
            414: components["responses"]["longTarget"];
            415: components["responses"]["otherType"];
            429: components["responses"]["tooOften"];
            431: components["responses"]["longHead"];
            500: components["responses"]["internal"];
            503: components["responses"]["unavailable"];
        };
    };
    post_notifications_send: {
        parameters: {
        };
        requestBody: {
            content: {
                "application/json": {
                    action?: string;
                    data?: unknown;
                    message?: string;
                    priority?: string;
                    recipients?: string[];
                    recipientUserIds?: string[];
                    title?: string;
                    type?: string;
                    userId?: string;
                    userIds?: string[];
                };
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        id: string;
                        recipients?: number;
                        success: boolean;
                    };
                };
            };
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        id: string;
                        recipients?: number;
                        success: boolean;
                    };
                };
            };
            400: components["responses"]["malformed"];
            401: components["responses"]["unauthenticated"];
            403: components["responses"]["forbidden"];
            404: components["responses"]["notFound"];
            408: components["responses"]["late"];
            409: components["responses"]["conflict"];
            411: components["responses"]["noLength"];
            413: components["responses"]["tooLarge"];
            414: components["responses"]["longTarget"];
            415: components["responses"]["otherType"];
            429: components["responses"]["tooOften"];
            431: components["responses"]["longHead"];
            500: components["responses"]["internal"];
            503: components["responses"]["unavailable"];
        };
    };
    post_realtime_entity_entity_create: {
        parameters: {
            path: {
                entity: string;
            };
        };
        requestBody: {
            content: {
                "application/json": unknown;
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        events: unknown[];
                        recipients: number;
                    };
                };
            };
            400: components["responses"]["malformed"];
            401: components["responses"]["unauthenticated"];
            403: components["responses"]["forbidden"];
            404: components["responses"]["notFound"];
            408: components["responses"]["late"];
            409: components["responses"]["conflict"];
            411: components["responses"]["noLength"];
            413: components["responses"]["tooLarge"];
            414: components["responses"]["longTarget"];
            415: components["responses"]["otherType"];
            429: components["responses"]["tooOften"];
            431: components["responses"]["longHead"];
            500: components["responses"]["internal"];
            503: components["responses"]["unavailable"];
        };
    };
    post_realtime_entity_entity_delete: {
        parameters: {
            path: {
                entity: string;
            };
        };
        requestBody: {
            content: {
                "application/json": unknown;
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        events: unknown[];
                        recipients: number;
                    };
                };
            };
            400: components["responses"]["malformed"];
            401: components["responses"]["unauthenticated"];
            403: components["responses"]["forbidden"];
            404: components["responses"]["notFound"];
            408: components["responses"]["late"];
            409: components["responses"]["conflict"];
            411: components["responses"]["noLength"];
            413: components["responses"]["tooLarge"];
            414: components["responses"]["longTarget"];
            415: components["responses"]["otherType"];
            429: components["responses"]["tooOften"];
            431: components["responses"]["longHead"];
            500: components["responses"]["internal"];
            503: components["responses"]["unavailable"];
        };
    };
    post_realtime_entity_entity_update: {
        parameters: {
            path: {
                entity: string;
            };
        };
        requestBody: {
            content: {
                "application/json": unknown;
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        events: unknown[];
                        recipients: number;
                    };
                };
            };
            400: components["responses"]["malformed"];
            401: components["responses"]["unauthenticated"];
            403: components["responses"]["forbidden"];
            404: components["responses"]["notFound"];
            408: components["responses"]["late"];
            409: components["responses"]["conflict"];
            411: components["responses"]["noLength"];
            413: components["responses"]["tooLarge"];
            414: components["responses"]["longTarget"];
            415: components["responses"]["otherType"];
            429: components["responses"]["tooOften"];
            431: components["responses"]["longHead"];
            500: components["responses"]["internal"];
            503: components["responses"]["unavailable"];
        };
    };
    post_realtime_update: {
        parameters: {
        };
        requestBody: {
            content: {
                "application/json": {
                    action?: string;
                    entity?: string;
                    timestamp?: string;
                    type?: string;
                };
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        events: unknown[];
                        recipients: number;
                    };
                };
            };
            400: components["responses"]["malformed"];
            401: components["responses"]["unauthenticated"];
            403: components["responses"]["forbidden"];
            404: components["responses"]["notFound"];
            408: components["responses"]["late"];
            409: components["responses"]["conflict"];
            411: components["responses"]["noLength"];
            413: components["responses"]["tooLarge"];
            414: components["responses"]["longTarget"];
            415: components["responses"]["otherType"];
            429: components["responses"]["tooOften"];
            431: components["responses"]["longHead"];
            500: components["responses"]["internal"];
            503: components["responses"]["unavailable"];
        };
    };
    get_system_connections: {
        parameters: {
            query?: {
                after?: string;
                limit?: number;
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        connections: unknown[];
                        next?: string;
                        total: number;
                    };
                };
            };
            400: components["responses"]["malformed"];
            401: components["responses"]["unauthenticated"];
            403: components["responses"]["forbidden"];
            404: components["responses"]["notFound"];
            413: components["responses"]["tooLarge"];
            414: components["responses"]["longTarget"];
            431: components["responses"]["longHead"];
            500: components["responses"]["internal"];
            503: components["responses"]["unavailable"];
        };
    };
    get_system_health: {
        parameters: {
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        status: string;
                        timestamp: string;
                    };
                };
            };
            400: components["responses"]["malformed"];
            403: components["responses"]["forbidden"];
            404: components["responses"]["notFound"];
            413: components["responses"]["tooLarge"];
            414: components["responses"]["longTarget"];
            431: components["responses"]["longHead"];
            500: components["responses"]["internal"];
            503: components["responses"]["unavailable"];
        };
    };
    get_system_stats: {
        parameters: {
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        activeConnections: number;
                        bytesDelivered: number;
                        eventsDelivered: number;
                        eventsPublished: number;
                        slowConnections: number;
                        timestamp: string;
                        totalConnections: number;
                        uptimeSeconds: number;
                    };
                };
            };
            400: components["responses"]["malformed"];
            403: components["responses"]["forbidden"];
            404: components["responses"]["notFound"];
            413: components["responses"]["tooLarge"];
            414: components["responses"]["longTarget"];
            431: components["responses"]["longHead"];
            500: components["responses"]["internal"];
            503: components["responses"]["unavailable"];
        };
    };
    post_system_status_update: {
        parameters: {
        };
        requestBody: {
            content: {
                "application/json": {
                    message?: string;
                    status?: string;
                    timestamp?: string;
                };
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        events: unknown[];
                        recipients: number;
                    };
                };
            };
            400: components["responses"]["malformed"];
            401: components["responses"]["unauthenticated"];
            403: components["responses"]["forbidden"];
            404: components["responses"]["notFound"];
            408: components["responses"]["late"];
            409: components["responses"]["conflict"];
            411: components["responses"]["noLength"];
            413: components["responses"]["tooLarge"];
            414: components["responses"]["longTarget"];
            415: components["responses"]["otherType"];
            429: components["responses"]["tooOften"];
            431: components["responses"]["longHead"];
            500: components["responses"]["internal"];
            503: components["responses"]["unavailable"];
        };
    };
}
