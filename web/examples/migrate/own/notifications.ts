// Notifications as teams write them: one connection for each user, in memory.
import { Controller, Get, Inject, Injectable, Module, Req, Res } from "@nestjs/common";
import { verifyToken } from "carillon-server";
import type { Request, Response } from "express";

@Injectable()
export class SSEPublisher {
  private readonly connections = new Map<string, Response>();

  connect(userId: string, response: Response): void {
    response.writeHead(200, { "Content-Type": "text/event-stream", "Cache-Control": "no-cache" });
    this.connections.get(userId)?.end();
    this.connections.set(userId, response);
    this.write(response, { type: "connection", message: "SSE connection established", userId });
  }

  publishNotification(
    notificationId: string,
    notificationType: string,
    action: string,
    priority: string,
    data: unknown,
    recipientUserIds: string[],
  ): void {
    for (const userId of recipientUserIds) {
      const event = { type: "notification", notificationId, notificationType, action, priority, data, userId };
      this.write(this.connections.get(userId), event);
    }
  }

  publishSystemEvent(eventType: string, data: unknown): void {
    for (const response of this.connections.values()) this.write(response, { type: "system", eventType, data });
  }

  private write(response: Response | undefined, event: object): void {
    response?.write(`data: ${JSON.stringify({ ...event, timestamp: new Date() })}\n\n`);
  }
}

@Controller("api/v1/sse")
export class NotificationsController {
  constructor(@Inject(SSEPublisher) private readonly publisher: SSEPublisher) {}

  @Get("notifications")
  connect(@Req() request: Request, @Res() response: Response) {
    const token = request.headers.authorization?.replace("Bearer ", "") ?? "";
    this.publisher.connect(verifyToken(token, process.env.CARILLON_AUTH_SECRET ?? "").user, response);
  }
}

@Module({ providers: [SSEPublisher], controllers: [NotificationsController], exports: [SSEPublisher] })
export class SSEModule {}
