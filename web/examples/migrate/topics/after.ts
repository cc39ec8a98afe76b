import { Controller, Get, Inject, Module, Param, Post, Res } from "@nestjs/common";
import type { Response } from "express";
import { SSEModule, SSEService } from "carillon-nest";

@Controller("events")
class EventsController {
  constructor(@Inject(SSEService) private readonly sseService: SSEService) {}

  @Get("subscribe/:topic")
  subscribe(@Param("topic") topic: string, @Res() response: Response) {
    const clientId = this.sseService.createClient(response);
    this.sseService.subscribe(clientId, topic);
    this.sseService.startHeartbeat(clientId);
    response.on("close", () => {
      this.sseService.removeClient(clientId);
    });
  }

  @Post("orders/:id/paid")
  paid(@Param("id") id: string) {
    this.sseService.broadcast({
      id: `order-${id}`,
      event: "paid",
      data: { order: id },
      topic: "orders",
      timestamp: new Date().toISOString(),
    });
    return { ok: true };
  }
}

@Module({
  imports: [
    SSEModule.forRoot({
      url: process.env.CARILLON_URL ?? "http://localhost:3000",
      enabled: true,
      heartbeatInterval: 30000,
      retryInterval: 3000,
      maxEventSize: 1024 * 1024, // 1MB
      compression: false,
      maxClients: 1000,
    }),
  ],
  controllers: [EventsController],
})
export class AppModule {}
