import type { BeforeApplicationShutdown, OnApplicationShutdown } from "@nestjs/common";
import { Carillon } from "carillon-server";
import { Domains } from "carillon-server/domains";
import { EventService } from "carillon-server/metadata";
import { SSEPublisher } from "carillon-server/notifications";
import { SSEService } from "carillon-server/topics";
import { SSENotificationService } from "carillon-server/users";
import { TokenCheck } from "./auth.js";
import type { SSEModuleOptions } from "./options.js";
import { SSEStreams } from "./streams.js";

/** The token under which `SSERoot` is injected. */
export const SSE_ROOT = Symbol.for("carillon-nest root");

/** All that the module provides, once for an application, however often it is imported. */
export class SSERoot implements BeforeApplicationShutdown, OnApplicationShutdown {
  readonly carillon: Carillon;
  readonly service: SSEService;
  readonly notifications: SSENotificationService;
  readonly publisher: SSEPublisher;
  readonly domains: Domains;
  readonly events: EventService;
  readonly streams: SSEStreams;
  readonly tokens: TokenCheck;

  constructor(readonly options: SSEModuleOptions = {}) {
    this.carillon = options.carillon ?? new Carillon(options);
    this.service = new SSEService(this.carillon, options);
    this.notifications = new SSENotificationService(this.service);
    this.publisher = new SSEPublisher(this.carillon);
    this.domains = new Domains(this.carillon);
    this.events = new EventService({ carillon: this.carillon });
    this.streams = new SSEStreams(this.carillon, options.streamLifetime);
    this.tokens = new TokenCheck(this.carillon, options);
  }

  // Streams do not end by themselves, and the HTTP server would wait for them.
  beforeApplicationShutdown(): void {
    this.service.endAll();
    this.streams.endAll();
  }

  async onApplicationShutdown(): Promise<void> {
    if (this.options.carillon) await this.carillon.flush();
    else await this.carillon.close();
  }
}
