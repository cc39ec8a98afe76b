import { Controller, Get, Inject, Req, Res, UseGuards } from "@nestjs/common";
import { SSEService } from "carillon-server/topics";
import type { AuthenticatedUser } from "./auth.js";
import { AuthGuard, CurrentUser, Roles } from "./guards.js";
import { SSEStreams, type StreamRequest, type StreamResponse } from "./streams.js";

/**
 * The routes of a module that knows its users, for an application that wants to keep them under its own login:
 * `GET /api/sse/connect`, `/status` and `/connections`. List it in your module's `controllers`.
 */
@Controller("api/sse")
@UseGuards(AuthGuard)
export class SSEController {
  constructor(
    @Inject(SSEStreams) private readonly streams: SSEStreams,
    @Inject(SSEService) private readonly service: SSEService,
  ) {}

  @Get("connect")
  connect(@Req() request: StreamRequest, @Res() response: StreamResponse, @CurrentUser() user: AuthenticatedUser) {
    return this.streams.pass(request, response, { path: "/api/sse/connect", user });
  }

  @Get("status")
  async status(@CurrentUser() { id }: AuthenticatedUser) {
    const connections = await this.service.getConnectionCount(id);
    return { userId: id, connected: connections > 0, connections };
  }

  @Get("connections")
  @Roles("admin")
  async connections(): Promise<{ total: number; connections: Awaited<ReturnType<SSEService["getActiveConnections"]>> }> {
    const connections = await this.service.getActiveConnections();
    return { total: connections.length, connections };
  }
}

/** The same of a module that keeps notifications: `GET /api/v1/sse/notifications`. */
@Controller("api/v1/sse")
@UseGuards(AuthGuard)
export class NotificationsController {
  constructor(@Inject(SSEStreams) private readonly streams: SSEStreams) {}

  @Get("notifications")
  connect(@Req() request: StreamRequest, @Res() response: StreamResponse, @CurrentUser() user: AuthenticatedUser) {
    return this.streams.pass(request, response, { path: "/api/v1/sse/notifications", user });
  }
}
