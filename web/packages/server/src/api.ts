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
        problem: {
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
                    "application/json": unknown;
                };
            };
            default: components["responses"]["problem"];
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
                    "application/json": unknown;
                };
            };
            default: components["responses"]["problem"];
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
                    "application/json": unknown;
                };
            };
            default: components["responses"]["problem"];
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
            default: components["responses"]["problem"];
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
            default: components["responses"]["problem"];
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
                    "application/json": unknown;
                };
            };
            default: components["responses"]["problem"];
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
                    "application/json": unknown;
                };
            };
            default: components["responses"]["problem"];
        };
    };
    get_api_sse_clients: {
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
            default: components["responses"]["problem"];
        };
    };
    get_api_sse_connections: {
        parameters: {
            query?: {
                after?: string;
                limit?: number;
                userId?: string;
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
            default: components["responses"]["problem"];
        };
    };
    post_api_sse_notify: {
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
            default: components["responses"]["problem"];
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
                    "application/json": unknown;
                };
            };
            default: components["responses"]["problem"];
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
                    "application/json": unknown;
                };
            };
            default: components["responses"]["problem"];
        };
    };
    post_api_sse_test: {
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
            default: components["responses"]["problem"];
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
                    "application/json": unknown;
                };
            };
            default: components["responses"]["problem"];
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
                    "application/json": unknown;
                };
            };
            default: components["responses"]["problem"];
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
                    "application/json": unknown;
                };
            };
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": unknown;
                };
            };
            default: components["responses"]["problem"];
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
                    "application/json": unknown;
                };
            };
            default: components["responses"]["problem"];
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
            default: components["responses"]["problem"];
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
                    "application/json": unknown;
                };
            };
            default: components["responses"]["problem"];
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
                    "application/json": unknown;
                };
            };
            default: components["responses"]["problem"];
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
                    "application/json": unknown;
                };
            };
            default: components["responses"]["problem"];
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
                    "application/json": unknown;
                };
            };
            default: components["responses"]["problem"];
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
            default: components["responses"]["problem"];
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
            default: components["responses"]["problem"];
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
            default: components["responses"]["problem"];
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
            default: components["responses"]["problem"];
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
            default: components["responses"]["problem"];
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
                    "application/json": unknown;
                };
            };
            default: components["responses"]["problem"];
        };
    };
    post_auth_token: {
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
            default: components["responses"]["problem"];
        };
    };
    post_chat_message: {
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
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": unknown;
                };
            };
            default: components["responses"]["problem"];
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
            default: components["responses"]["problem"];
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
                    "application/json": unknown;
                };
            };
            default: components["responses"]["problem"];
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
                    "application/json": unknown;
                };
            };
            default: components["responses"]["problem"];
        };
    };
    get_chat_room_roomId_members: {
        parameters: {
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
                    "application/json": unknown;
                };
            };
            default: components["responses"]["problem"];
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
                    "application/json": unknown;
                };
            };
            default: components["responses"]["problem"];
        };
    };
    get_chat_room_roomId_messages: {
        parameters: {
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
                    "application/json": unknown;
                };
            };
            default: components["responses"]["problem"];
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
            default: components["responses"]["problem"];
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
                    "application/json": unknown;
                };
            };
            default: components["responses"]["problem"];
        };
    };
    post_chat_rooms: {
        parameters: {
        };
        requestBody: {
            content: {
                "application/json": unknown;
            };
        };
        responses: {
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": unknown;
                };
            };
            default: components["responses"]["problem"];
        };
    };
    get_events_clients: {
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
            default: components["responses"]["problem"];
        };
    };
    delete_events_clients: {
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
            default: components["responses"]["problem"];
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
                    "application/json": unknown;
                };
            };
            default: components["responses"]["problem"];
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
            default: components["responses"]["problem"];
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
            default: components["responses"]["problem"];
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
            default: components["responses"]["problem"];
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
            default: components["responses"]["problem"];
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
            default: components["responses"]["problem"];
        };
    };
    get_events_history: {
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
            default: components["responses"]["problem"];
        };
    };
    put_events_history_id: {
        parameters: {
            path: {
                id: string;
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
                    "application/json": unknown;
                };
            };
            default: components["responses"]["problem"];
        };
    };
    delete_events_history_id: {
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
                    "application/json": unknown;
                };
            };
            default: components["responses"]["problem"];
        };
    };
    post_events_publish: {
        parameters: {
        };
        requestBody: {
            content: {
                "application/json": unknown;
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
                    "application/json": unknown;
                };
            };
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": unknown;
                };
            };
            default: components["responses"]["problem"];
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
                "application/json": unknown;
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
                    "application/json": unknown;
                };
            };
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": unknown;
                };
            };
            default: components["responses"]["problem"];
        };
    };
    get_events_scheduled: {
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
            default: components["responses"]["problem"];
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
            default: components["responses"]["problem"];
        };
    };
    get_events_stats: {
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
            default: components["responses"]["problem"];
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
                    "application/json": unknown;
                };
            };
            default: components["responses"]["problem"];
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
            default: components["responses"]["problem"];
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
            default: components["responses"]["problem"];
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
                    "application/json": unknown;
                };
            };
            default: components["responses"]["problem"];
        };
    };
    post_notifications_broadcast: {
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
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": unknown;
                };
            };
            default: components["responses"]["problem"];
        };
    };
    post_notifications_send: {
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
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": unknown;
                };
            };
            default: components["responses"]["problem"];
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
                    "application/json": unknown;
                };
            };
            default: components["responses"]["problem"];
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
                    "application/json": unknown;
                };
            };
            default: components["responses"]["problem"];
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
                    "application/json": unknown;
                };
            };
            default: components["responses"]["problem"];
        };
    };
    post_realtime_update: {
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
            default: components["responses"]["problem"];
        };
    };
    get_system_connections: {
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
            default: components["responses"]["problem"];
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
                    "application/json": unknown;
                };
            };
            default: components["responses"]["problem"];
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
                    "application/json": unknown;
                };
            };
            default: components["responses"]["problem"];
        };
    };
    post_system_status_update: {
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
            default: components["responses"]["problem"];
        };
    };
}
