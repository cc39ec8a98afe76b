// carillon-nest in a real Nest application, against the real server.
import "reflect-metadata";
import {
  Controller,
  type DynamicModule,
  Get,
  type INestApplication,
  Inject,
  Injectable,
  type MiddlewareConsumer,
  Module,
  type NestModule,
  Param,
  Post,
  Query,
  Req,
  Res,
  UseGuards,
} from "@nestjs/common";
import { Test } from "@nestjs/testing";
import {
  type AuthenticatedUser,
  AuthGuard,
  Carillon,
  CurrentUser,
  OptionalAuthGuard,
  ProblemInterceptor,
  Roles,
  SSEModule,
  type SSEModuleOptions,
  type SSEOptionsFactory,
  SSEPublisher,
  SSEService,
  SSENotificationService,
  SSEStreams,
} from "carillon-nest";
import { developmentToken, signToken } from "carillon-server";
import { EventSource } from "eventsource";
import type { Request, Response } from "express";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { Server, until } from "./support/server.js";

const secret = "a secret that is only used in these tests";
let server: Server;
const cleanUp: (() => unknown)[] = [];

beforeAll(async () => {
  server = await Server.start("--auth.secret", secret);
});
afterEach(async () => {
  for (const end of cleanUp.splice(0).reverse()) await end();
});
afterAll(() => server?.stop());

@Controller("events")
class EventsController {
  constructor(
    @Inject(SSEService) private readonly sseService: SSEService,
    @Inject(SSEStreams) private readonly streams: SSEStreams,
  ) {}

  @Get("subscribe/:topic")
  subscribe(@Param("topic") topic: string, @Res() response: Response) {
    const clientId = this.sseService.createClient(response);
    void this.sseService.subscribe(clientId, topic);
    void this.sseService.startHeartbeat(clientId);
    response.on("close", () => void this.sseService.removeClient(clientId));
  }

  @Post("send/:topic")
  sendEvent(@Param("topic") topic: string, @Query("n") n: string) {
    return this.sseService.broadcast({
      id: `${n}-${topic}`,
      event: "message",
      data: { n: Number(n) },
      topic,
      timestamp: new Date().toISOString(),
    });
  }

  @Get("mine")
  @UseGuards(AuthGuard)
  mine(@Req() request: Request, @Res() response: Response, @CurrentUser() user: AuthenticatedUser) {
    return this.streams.pass(request, response, { path: "/events/subscribe", user, topics: [`users/${user.id}`] });
  }

  @Get("me")
  @UseGuards(OptionalAuthGuard)
  me(@CurrentUser() user?: AuthenticatedUser) {
    return { user: user ?? null };
  }

  @Get("admin")
  @UseGuards(AuthGuard)
  @Roles("admin")
  admin() {
    return "ok";
  }
}

/** A module of the application that imports `SSEModule` bare, as the documents do. */
@Injectable()
class YourService {
  constructor(
    @Inject(SSEService) readonly sseService: SSEService,
    @Inject(SSENotificationService) readonly notifications: SSENotificationService,
    @Inject(SSEPublisher) readonly publisher: SSEPublisher,
    @Inject(Carillon) readonly carillon: Carillon,
  ) {}
}
@Module({ imports: [SSEModule], providers: [YourService], controllers: [EventsController] })
class YourModule {}

/** Stands for the login that an application has already, such as Passport's. */
class FoundBefore implements NestModule {
  static as(user: object): DynamicModule {
    return { module: class extends FoundBefore {}, providers: [{ provide: "FOUND", useValue: user }] };
  }

  constructor(@Inject("FOUND") private readonly user: object) {}

  configure(consumer: MiddlewareConsumer): void {
    consumer
      .apply((request: { user?: object }, _: unknown, next: () => void) => {
        request.user = this.user;
        next();
      })
      .forRoutes("*path");
  }
}

async function start(...imports: NonNullable<Parameters<typeof Test.createTestingModule>[0]["imports"]>) {
  const testing = await Test.createTestingModule({ imports: [...imports, YourModule] }).compile();
  const app: INestApplication = testing.createNestApplication({ logger: false });
  app.useGlobalInterceptors(new ProblemInterceptor());
  await app.listen(0, "127.0.0.1");
  cleanUp.push(() => app.close());
  return { app, url: await app.getUrl() };
}

const forRoot = (more: SSEModuleOptions = {}) =>
  SSEModule.forRoot({ url: server.url, secret, heartbeatInterval: 30000, retryInterval: 3000, ...more });

function listen(url: string, token?: string) {
  const source = new EventSource(token === undefined ? url : `${url}?token=${token}`);
  cleanUp.push(() => source.close());
  const seen: string[] = [];
  source.addEventListener("message", ({ data }) => seen.push(data as string));
  const opened = new Promise<void>((done) => source.addEventListener("carillon.open", () => done(), { once: true }));
  return { source, seen, opened };
}

const bearer = (token: string) => ({ headers: { Authorization: `Bearer ${token}` } });
const tokenOf = (user: string, ...roles: string[]) => signToken({ user, roles }, secret);

describe("the module", () => {
  it("serves the documented controller", async () => {
    const { url } = await start(forRoot());
    const { seen, opened } = listen(`${url}/events/subscribe/my-topic`);
    await opened;
    const answer = await fetch(`${url}/events/send/my-topic?n=1`, { method: "POST" });
    expect(await answer.json()).toMatchObject({ id: "1-my-topic", topic: "my-topic" });
    await until("it has come", () => seen.length === 1);
    expect(seen).toEqual(['{"n":1}']);
  });

  it("has one service for the whole application, also where it is imported bare", async () => {
    const { app } = await start(forRoot());
    const mine = app.get(YourService, { strict: false });
    expect(mine.sseService).toBe(app.select(YourModule).get(SSEService, { strict: false }));
    expect(mine.carillon.url.href).toBe(`${server.url}/`);
    await expect(mine.carillon.publish("nest", 1)).resolves.toMatchObject({ topic: "nest" });
    expect(mine.notifications).toBeInstanceOf(SSENotificationService);
    expect(mine.publisher).toBeInstanceOf(SSEPublisher);
  });

  it("is configured by a factory with dependencies", async () => {
    const { app } = await start(
      SSEModule.forRootAsync({
        imports: [{ module: class {}, providers: [{ provide: "CONFIG", useValue: { secret } }], exports: ["CONFIG"] }],
        inject: ["CONFIG"],
        useFactory: (config: { secret: string }) => Promise.resolve({ url: server.url, secret: config.secret }),
      }),
    );
    const { carillon } = app.get(YourService, { strict: false });
    await expect(carillon.publish("nest", 2)).resolves.toMatchObject({ topic: "nest" });
  });

  it("is configured by a class", async () => {
    class Options implements SSEOptionsFactory {
      createSSEOptions = () => ({ url: server.url, secret });
    }
    const { app } = await start(SSEModule.forRootAsync({ useClass: Options }));
    await expect(app.get(YourService, { strict: false }).carillon.publish("nest", 3)).resolves.toBeDefined();
    expect(() => SSEModule.forRootAsync({})).toThrow(TypeError);
  });

  it("needs no configuration where the environment has it", async () => {
    const before = { ...process.env };
    Object.assign(process.env, { CARILLON_URL: server.url, CARILLON_AUTH_SECRET: secret });
    cleanUp.push(() => Object.assign(process.env, { CARILLON_URL: before.CARILLON_URL ?? "", CARILLON_AUTH_SECRET: "" }));
    const { app } = await start();
    await expect(app.get(YourService, { strict: false }).carillon.publish("nest", 4)).resolves.toBeDefined();
  });

  it("ends its streams and sends what waits when the application closes", async () => {
    const { app, url } = await start(forRoot());
    const { opened, source } = listen(`${url}/events/subscribe/closing`);
    await opened;
    const { carillon } = app.get(YourService, { strict: false });
    const last = carillon.publish("closing", "last");
    await app.close();
    source.close();
    await expect(last).resolves.toMatchObject({ topic: "closing" });
    await expect(carillon.publish("closing", 1)).rejects.toMatchObject({ code: "CLOSED" });
  });

  it("answers a failed call with the same problem document", async () => {
    const { url } = await start(forRoot({ maxEventSize: 10 }));
    const answer = await fetch(`${url}/events/send/a?n=1`, { method: "POST" });
    expect(answer.status).toBe(413);
    expect(await answer.json()).toMatchObject({ code: "EVENT_TOO_LARGE" });
  });
});

describe("the guards", () => {
  it("let in who shows a valid token, in the header or the query", async () => {
    const { url } = await start(forRoot());
    const { seen, opened } = listen(`${url}/events/mine`, tokenOf("alice", "user"));
    await opened;
    await new Carillon({ url: server.url, secret }).publish("users/alice", "for you");
    await until("it has come", () => seen.length === 1);
    const me = (await (await fetch(`${url}/events/me`, bearer(tokenOf("bob", "user")))).json()) as object;
    expect(me).toMatchObject({ user: { id: "bob", userId: "bob", roles: ["user"] } });
  });

  it("refuse nobody, wrong tokens and missing roles", async () => {
    const { url } = await start(forRoot());
    const status = async (path: string, init?: object) => (await fetch(`${url}/events/${path}`, init)).status;
    const forged = signToken({ user: "eve", roles: ["admin"] }, "another secret");
    expect(await status("mine")).toBe(401);
    expect(await status("mine", bearer(forged))).toBe(401);
    expect(await status("me", bearer(forged))).toBe(401);
    expect(await status("me")).toBe(200);
    expect(await status("admin", bearer(tokenOf("bob", "user")))).toBe(403);
    expect(await status("admin", bearer(tokenOf("root", "admin")))).toBe(200);
    // Where there is a secret, a token that nobody has signed is none.
    expect(await status("mine", bearer(developmentToken("eve", ["admin"])))).toBe(401);
    const answer = await fetch(`${url}/events/mine`);
    expect(await answer.json()).toMatchObject({ status: 401, code: "UNAUTHENTICATED" });
  });

  it("take the application's own check of tokens", async () => {
    const verify = (token: string) => (token === "open sesame" ? { id: "ali", roles: ["admin"] } : null);
    const { url } = await start(forRoot({ verify }));
    expect((await fetch(`${url}/events/admin`, bearer("open sesame"))).status).toBe(401);
    expect((await fetch(`${url}/events/admin?token=open%20sesame`)).status).toBe(200);
  });

  it.each([[{ userId: 7, username: "ada" }], [{ sub: "7" }], [{ id: 7 }]])("take a user whom another guard has found, as it is: %j", async (found) => {
    const { url } = await start(forRoot(), FoundBefore.as(found));
    const { seen, opened } = listen(`${url}/events/mine`);
    await opened;
    await new Carillon({ url: server.url, secret }).publish("users/7", "for you");
    await until("it has come", () => seen.length === 1);
    expect(await (await fetch(`${url}/events/me`)).json()).toEqual({ user: { roles: [], ...found, id: "7", userId: "7" } });
  });

  it("refuse one without an id", async () => {
    const { url } = await start(forRoot(), FoundBefore.as({ username: "ada" }));
    expect((await fetch(`${url}/events/mine`)).status).toBe(401);
  });

  it("believe development tokens on a developer's machine only", async () => {
    const { url } = await start(SSEModule.forRoot({ url: server.url }));
    const init = bearer(developmentToken("test123", ["user", "admin"]));
    expect((await fetch(`${url}/events/admin`, init)).status).toBe(200);
    const passedOn = { headers: { ...init.headers, "X-Forwarded-For": "192.0.2.1" } };
    expect((await fetch(`${url}/events/admin`, passedOn)).status).toBe(401);
  });
});
