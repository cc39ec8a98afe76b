// Events for users as teams write them: a set of responses for each user, in memory.
import { Controller, Get, Inject, Injectable, Module, Req, Res } from "@nestjs/common";
import { verifyToken } from "carillon-server";
import type { Request, Response } from "express";

@Injectable()
export class SSEService {
  private readonly connections = new Map<string, Set<Response>>();

  connect(userId: string, response: Response): void {
    response.writeHead(200, { "Content-Type": "text/event-stream", "Cache-Control": "no-cache" });
    const mine = this.connections.get(userId) ?? new Set();
    this.connections.set(userId, mine.add(response));
    response.on("close", () => mine.delete(response));
    this.write(response, { type: "connection_established", data: {}, userId });
  }

  sendToUser(userId: string, type: string, data: unknown): void {
    for (const response of this.connections.get(userId) ?? []) this.write(response, { type, data, userId });
  }

  sendToAll(type: string, data: unknown): void {
    for (const mine of this.connections.values()) for (const response of mine) this.write(response, { type, data });
  }

  hasConnection(userId: string): boolean {
    return (this.connections.get(userId)?.size ?? 0) > 0;
  }

  private write(response: Response, event: object): void {
    response.write(`data: ${JSON.stringify({ ...event, timestamp: new Date() })}\n\n`);
  }
}

@Injectable()
export class SSENotificationService {
  constructor(@Inject(SSEService) private readonly sseService: SSEService) {}

  sendEmployeeNotification(userId: string, employee: unknown, action: string): void {
    this.sseService.sendToUser(userId, `employee_${action}`, employee);
  }
}

@Controller("api/sse")
export class SSEController {
  constructor(@Inject(SSEService) private readonly sseService: SSEService) {}

  @Get("connect")
  connect(@Req() request: Request, @Res() response: Response) {
    const token = request.headers.authorization?.replace("Bearer ", "") ?? "";
    this.sseService.connect(verifyToken(token, process.env.CARILLON_AUTH_SECRET ?? "").user, response);
  }
}

@Module({
  providers: [SSEService, SSENotificationService],
  controllers: [SSEController],
  exports: [SSEService, SSENotificationService],
})
export class SSEModule {}
