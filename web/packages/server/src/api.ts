// Made by `npm run api` from /openapi.json; the tests hold it to what the server says.
export interface paths {
    "/api/calendar/events": {
        get: operations["get_api_calendar_events"];
        post: operations["post_api_calendar_events"];
    };
    "/api/calendar/events/{id}": {
        get: operations["get_api_calendar_events_id"];
        put: operations["put_api_calendar_events_id"];
        delete: operations["delete_api_calendar_events_id"];
    };
    "/api/calendar/reminders/{id}": {
        post: operations["post_api_calendar_reminders_id"];
    };
    "/api/calendar/reminders/upcoming": {
        post: operations["post_api_calendar_reminders_upcoming"];
    };
    "/api/sse/clients": {
        get: operations["get_api_sse_clients"];
    };
    "/api/sse/connections": {
        get: operations["get_api_sse_connections"];
    };
    "/api/sse/notify": {
        post: operations["post_api_sse_notify"];
    };
    "/api/sse/send": {
        post: operations["post_api_sse_send"];
    };
    "/api/sse/status": {
        get: operations["get_api_sse_status"];
    };
    "/api/sse/test": {
        post: operations["post_api_sse_test"];
    };
    "/api/sse/users/{user}/connections": {
        get: operations["get_api_sse_users_user_connections"];
    };
    "/api/v1/sse/custom": {
        post: operations["post_api_v1_sse_custom"];
    };
    "/api/v1/sse/notifications": {
        post: operations["post_api_v1_sse_notifications"];
    };
    "/api/v1/sse/notifications/{id}/deliveries": {
        get: operations["get_api_v1_sse_notifications_id_deliveries"];
    };
    "/api/v1/sse/notifications/{id}/read": {
        post: operations["post_api_v1_sse_notifications_id_read"];
    };
    "/api/v1/sse/notifications/inbox": {
        get: operations["get_api_v1_sse_notifications_inbox"];
    };
    "/api/v1/sse/notifications/read": {
        post: operations["post_api_v1_sse_notifications_read"];
    };
    "/api/v1/sse/notifications/unread": {
        get: operations["get_api_v1_sse_notifications_unread"];
    };
    "/api/v1/sse/system": {
        post: operations["post_api_v1_sse_system"];
    };
    "/auth/me": {
        get: operations["get_auth_me"];
    };
    "/auth/renew": {
        post: operations["post_auth_renew"];
    };
    "/auth/revoke": {
        post: operations["post_auth_revoke"];
    };
    "/auth/session": {
        post: operations["post_auth_session"];
        delete: operations["delete_auth_session"];
    };
    "/auth/ticket": {
        post: operations["post_auth_ticket"];
    };
    "/auth/token": {
        post: operations["post_auth_token"];
    };
    "/chat/message": {
        post: operations["post_chat_message"];
    };
    "/chat/room/{roomId}/invite": {
        post: operations["post_chat_room_roomId_invite"];
    };
    "/chat/room/{roomId}/join": {
        post: operations["post_chat_room_roomId_join"];
    };
    "/chat/room/{roomId}/leave": {
        post: operations["post_chat_room_roomId_leave"];
    };
    "/chat/room/{roomId}/members": {
        get: operations["get_chat_room_roomId_members"];
    };
    "/chat/room/{roomId}/members/{userId}": {
        delete: operations["delete_chat_room_roomId_members_userId"];
    };
    "/chat/room/{roomId}/messages": {
        get: operations["get_chat_room_roomId_messages"];
    };
    "/chat/room/{roomId}/typing": {
        post: operations["post_chat_room_roomId_typing"];
    };
    "/chat/rooms": {
        get: operations["get_chat_rooms"];
        post: operations["post_chat_rooms"];
    };
    "/events/clients": {
        get: operations["get_events_clients"];
        delete: operations["delete_events_clients"];
    };
    "/events/clients/{id}": {
        get: operations["get_events_clients_id"];
        delete: operations["delete_events_clients_id"];
    };
    "/events/clients/{id}/heartbeat": {
        post: operations["post_events_clients_id_heartbeat"];
    };
    "/events/clients/{id}/send": {
        post: operations["post_events_clients_id_send"];
    };
    "/events/clients/{id}/topics/{topic}": {
        put: operations["put_events_clients_id_topics_topic"];
        delete: operations["delete_events_clients_id_topics_topic"];
    };
    "/events/history": {
        get: operations["get_events_history"];
    };
    "/events/history/{id}": {
        put: operations["put_events_history_id"];
        delete: operations["delete_events_history_id"];
    };
    "/events/publish": {
        post: operations["post_events_publish"];
    };
    "/events/publish/{topic}": {
        post: operations["post_events_publish_topic"];
    };
    "/events/scheduled": {
        get: operations["get_events_scheduled"];
    };
    "/events/scheduled/{id}": {
        delete: operations["delete_events_scheduled_id"];
    };
    "/events/stats": {
        get: operations["get_events_stats"];
    };
    "/events/streams": {
        post: operations["post_events_streams"];
    };
    "/events/streams/{stream}": {
        post: operations["post_events_streams_stream"];
        delete: operations["delete_events_streams_stream"];
    };
    "/events/streams/{stream}/close": {
        post: operations["post_events_streams_stream_close"];
    };
    "/notifications/broadcast": {
        post: operations["post_notifications_broadcast"];
    };
    "/notifications/send": {
        post: operations["post_notifications_send"];
    };
    "/realtime/entity/{entity}/create": {
        post: operations["post_realtime_entity_entity_create"];
    };
    "/realtime/entity/{entity}/delete": {
        post: operations["post_realtime_entity_entity_delete"];
    };
    "/realtime/entity/{entity}/update": {
        post: operations["post_realtime_entity_entity_update"];
    };
    "/realtime/update": {
        post: operations["post_realtime_update"];
    };
    "/system/connections": {
        get: operations["get_system_connections"];
    };
    "/system/health": {
        get: operations["get_system_health"];
    };
    "/system/stats": {
        get: operations["get_system_stats"];
    };
    "/system/status/update": {
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
    responses: never;
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
                content: {
                    "application/json": {
                        events: unknown[];
                        next?: string;
                    };
                };
            };
        };
    };
    post_api_calendar_events: {
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
                content: {
                    "application/json": {
                        id: string;
                    };
                };
            };
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
            };
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
            };
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
                content: {
                    "application/json": {
                        reminders: number;
                    };
                };
            };
        };
    };
    post_api_calendar_reminders_upcoming: {
        requestBody?: {
            content: {
                "application/json": {
                    within?: string;
                };
            };
        };
        responses: {
            200: {
                content: {
                    "application/json": {
                        reminders: number;
                    };
                };
            };
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
                content: {
                    "application/json": {
                        connections: unknown[];
                        next?: string;
                        total: number;
                    };
                };
            };
        };
    };
    post_api_sse_notify: {
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
                content: {
                    "application/json": {
                        events: unknown[];
                        recipients: number;
                    };
                };
            };
        };
    };
    post_api_sse_send: {
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
                content: {
                    "application/json": {
                        events: unknown[];
                        recipients: number;
                    };
                };
            };
        };
    };
    get_api_sse_status: {
        responses: {
            200: {
                content: {
                    "application/json": {
                        connected: boolean;
                        connections: number;
                        userId: string;
                    };
                };
            };
        };
    };
    post_api_sse_test: {
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
                content: {
                    "application/json": {
                        events: unknown[];
                        recipients: number;
                    };
                };
            };
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
                content: {
                    "application/json": {
                        connected: boolean;
                        connections: number;
                        userId: string;
                    };
                };
            };
        };
    };
    post_api_v1_sse_custom: {
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
                content: {
                    "application/json": {
                        events: unknown[];
                        recipients: number;
                    };
                };
            };
        };
    };
    post_api_v1_sse_notifications: {
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
                content: {
                    "application/json": {
                        notificationId: string;
                        published: boolean;
                        recipients: number;
                    };
                };
            };
            202: {
                content: {
                    "application/json": {
                        notificationId: string;
                        published: boolean;
                        recipients: number;
                    };
                };
            };
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
                content: {
                    "application/json": {
                        deliveries: unknown[];
                        next?: string;
                        notificationId: string;
                    };
                };
            };
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
            };
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
                content: {
                    "application/json": {
                        next?: number;
                        notifications: unknown[];
                    };
                };
            };
        };
    };
    post_api_v1_sse_notifications_read: {
        responses: {
            200: {
                content: {
                    "application/json": {
                        marked: number;
                    };
                };
            };
        };
    };
    get_api_v1_sse_notifications_unread: {
        responses: {
            200: {
                content: {
                    "application/json": {
                        unread: number;
                    };
                };
            };
        };
    };
    post_api_v1_sse_system: {
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
                content: {
                    "application/json": {
                        events: unknown[];
                        recipients: number;
                    };
                };
            };
        };
    };
    get_auth_me: {
        responses: {
            200: {
                content: {
                    "application/json": unknown;
                };
            };
        };
    };
    post_auth_renew: {
        requestBody: {
            content: {
                "application/json": unknown;
            };
        };
        responses: {
            200: {
                content: {
                    "application/json": unknown;
                };
            };
        };
    };
    post_auth_revoke: {
        requestBody: {
            content: {
                "application/json": unknown;
            };
        };
        responses: {
            200: {
                content: {
                    "application/json": unknown;
                };
            };
        };
    };
    post_auth_session: {
        responses: {
            204: {
            };
        };
    };
    delete_auth_session: {
        responses: {
            204: {
            };
        };
    };
    post_auth_ticket: {
        responses: {
            200: {
                content: {
                    "application/json": {
                        expiresIn: number;
                        ticket: string;
                    };
                };
            };
        };
    };
    post_auth_token: {
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
                content: {
                    "application/json": {
                        expiresAt: string;
                        token: string;
                    };
                };
            };
        };
    };
    post_chat_message: {
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
                content: {
                    "application/json": {
                        message: {
                            [key: string]: unknown;
                        };
                        success: boolean;
                    };
                };
            };
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
                content: {
                    "application/json": {
                        success: boolean;
                    };
                };
            };
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
                content: {
                    "application/json": {
                        createdAt: string;
                        messages: unknown[];
                        name?: string;
                        open: boolean;
                        owner: string;
                        presence?: string;
                        roomId: string;
                        success: boolean;
                    };
                };
            };
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
                content: {
                    "application/json": {
                        success: boolean;
                    };
                };
            };
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
                content: {
                    "application/json": {
                        members: string[];
                        next?: string;
                    };
                };
            };
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
                content: {
                    "application/json": {
                        success: boolean;
                    };
                };
            };
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
                content: {
                    "application/json": {
                        before?: number;
                        messages: unknown[];
                    };
                };
            };
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
                content: {
                    "application/json": {
                        success: boolean;
                    };
                };
            };
        };
    };
    get_chat_rooms: {
        responses: {
            200: {
                content: {
                    "application/json": {
                        rooms: unknown[];
                    };
                };
            };
        };
    };
    post_chat_rooms: {
        requestBody: {
            content: {
                "application/json": {
                    id?: string;
                    name?: string;
                    open?: boolean;
                    presence?: string;
                    roomId?: string;
                };
            };
        };
        responses: {
            201: {
                content: {
                    "application/json": {
                        createdAt: string;
                        name?: string;
                        open: boolean;
                        owner: string;
                        presence?: string;
                        roomId: string;
                    };
                };
            };
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
                content: {
                    "application/json": {
                        clients: unknown[];
                        next?: string;
                        total: number;
                    };
                };
            };
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
                content: {
                    "application/json": {
                        ended: number;
                    };
                };
            };
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
            };
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
            };
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
                content: {
                    "application/json": {
                        id?: string;
                        position?: number;
                    };
                };
            };
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
            };
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
            };
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
                content: {
                    "application/json": {
                        id?: string;
                        position?: number;
                        topic?: string;
                    };
                };
            };
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
                content: {
                    "application/json": {
                        id?: string;
                        position?: number;
                        topic?: string;
                    };
                };
            };
        };
    };
    post_events_publish: {
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
                content: {
                    "application/json": {
                        scheduledId: string;
                    };
                };
            };
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
                content: {
                    "application/json": {
                        scheduledId: string;
                    };
                };
            };
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
                content: {
                    "application/json": {
                        next?: string;
                        scheduled: unknown[];
                    };
                };
            };
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
            };
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
        };
    };
    post_events_streams: {
        responses: {
            201: {
                content: {
                    "application/json": {
                        stream: string;
                    };
                };
            };
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
                content: {
                    "application/json": {
                        id?: string;
                        position?: number;
                        stopRequested: boolean;
                    };
                };
            };
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
            };
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
                content: {
                    "application/json": {
                        id?: string;
                        position?: number;
                        stream: string;
                    };
                };
            };
        };
    };
    post_notifications_broadcast: {
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
                content: {
                    "application/json": {
                        id: string;
                        recipients?: number;
                        success: boolean;
                    };
                };
            };
            202: {
                content: {
                    "application/json": {
                        id: string;
                        recipients?: number;
                        success: boolean;
                    };
                };
            };
        };
    };
    post_notifications_send: {
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
                content: {
                    "application/json": {
                        id: string;
                        recipients?: number;
                        success: boolean;
                    };
                };
            };
            202: {
                content: {
                    "application/json": {
                        id: string;
                        recipients?: number;
                        success: boolean;
                    };
                };
            };
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
                content: {
                    "application/json": {
                        events: unknown[];
                        recipients: number;
                    };
                };
            };
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
                content: {
                    "application/json": {
                        events: unknown[];
                        recipients: number;
                    };
                };
            };
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
                content: {
                    "application/json": {
                        events: unknown[];
                        recipients: number;
                    };
                };
            };
        };
    };
    post_realtime_update: {
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
                content: {
                    "application/json": {
                        events: unknown[];
                        recipients: number;
                    };
                };
            };
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
                content: {
                    "application/json": {
                        connections: unknown[];
                        next?: string;
                        total: number;
                    };
                };
            };
        };
    };
    get_system_health: {
        responses: {
            200: {
                content: {
                    "application/json": {
                        status: string;
                        timestamp: string;
                    };
                };
            };
        };
    };
    get_system_stats: {
        responses: {
            200: {
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
        };
    };
    post_system_status_update: {
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
                content: {
                    "application/json": {
                        events: unknown[];
                        recipients: number;
                    };
                };
            };
        };
    };
}
