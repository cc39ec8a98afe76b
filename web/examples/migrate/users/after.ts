import { Controller, Get, Inject, Module, Param, Post } from "@nestjs/common";
import { SSEController, SSEModule, SSENotificationService, SSEService } from "carillon-nest";

@Controller("employees")
class EmployeesController {
  constructor(
    @Inject(SSEService) private readonly sseService: SSEService,
    @Inject(SSENotificationService) private readonly sseNotificationService: SSENotificationService,
  ) {}

  @Post(":name/:hrId")
  create(@Param("name") name: string, @Param("hrId") hrId: string) {
    const employee = { name };
    this.sseNotificationService.sendEmployeeNotification(hrId, employee, "created");
    this.sseService.sendToAll("dashboard_update", { employees: 1 });
    return employee;
  }

  @Get(":hrId/online")
  async online(@Param("hrId") hrId: string) {
    return { online: await this.sseService.hasConnection(hrId) };
  }
}

@Module({ imports: [SSEModule], controllers: [EmployeesController, SSEController] })
export class AppModule {}
