import { Controller, Inject, Module, Param, Post } from "@nestjs/common";
import { SSEModule, SSEPublisher } from "../own/notifications.js";

@Controller("trainers")
class TrainersController {
  constructor(@Inject(SSEPublisher) private readonly ssePublisher: SSEPublisher) {}

  @Post(":id/:userId")
  create(@Param("id") id: string, @Param("userId") userId: string) {
    this.ssePublisher.publishNotification(
      id,
      "VOCAB_TRAINER",
      "CREATE",
      "LOW",
      { message: "New vocab trainer available" },
      [userId],
    );
    this.ssePublisher.publishSystemEvent("maintenance", { message: "System maintenance" });
    return { ok: true };
  }
}

@Module({ imports: [SSEModule], controllers: [TrainersController] })
export class AppModule {}
