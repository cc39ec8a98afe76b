import { type DynamicModule, Global, Module, type Provider } from "@nestjs/common";
import { Carillon } from "carillon-server";
import { Domains } from "carillon-server/domains";
import { EventService } from "carillon-server/metadata";
import { SSEPublisher } from "carillon-server/notifications";
import { SSEService } from "carillon-server/topics";
import { SSENotificationService } from "carillon-server/users";
import type { SSEModuleAsyncOptions, SSEModuleOptions, SSEOptionsFactory } from "./options.js";
import { SSE_ROOT, SSERoot } from "./root.js";
import { SSEStreams } from "./streams.js";

const configured = Symbol.for("carillon-nest configured root");
const given = Symbol.for("carillon-nest options");

/** Holds what `forRoot` was given, so that a bare `SSEModule` in any other module finds it. */
@Global()
@Module({})
class SSERootModule {}

function part<T>(token: abstract new (...args: never[]) => T, of: (root: SSERoot) => T): Provider {
  return { provide: token, useFactory: of, inject: [SSE_ROOT] };
}

/**
 * Provides `SSEService`, `SSENotificationService`, `SSEPublisher`, `Domains`, `EventService`, `SSEStreams` and `Carillon`, and
 * what the guards need. Configure it once with `forRoot` or `forRootAsync`; modules that use it import `SSEModule`. Without either the
 * environment says where Carillon is (`CARILLON_URL`, `CARILLON_AUTH_SECRET`).
 */
@Module({
  providers: [
    {
      provide: SSE_ROOT,
      useFactory: (root?: SSERoot) => root ?? new SSERoot(),
      inject: [{ token: configured, optional: true }],
    },
    part(Carillon, (root) => root.carillon),
    part(SSEService, (root) => root.service),
    part(SSENotificationService, (root) => root.notifications),
    part(SSEPublisher, (root) => root.publisher),
    part(Domains, (root) => root.domains),
    part(EventService, (root) => root.events),
    part(SSEStreams, (root) => root.streams),
  ],
  exports: [SSE_ROOT, Carillon, SSEService, SSENotificationService, SSEPublisher, Domains, EventService, SSEStreams],
})
export class SSEModule {
  static forRoot(options: SSEModuleOptions = {}): DynamicModule {
    return withRoot([{ provide: configured, useFactory: () => new SSERoot(options) }]);
  }

  static forRootAsync(options: SSEModuleAsyncOptions): DynamicModule {
    const root = { provide: configured, useFactory: (found: SSEModuleOptions) => new SSERoot(found), inject: [given] };
    return withRoot([...optionsFrom(options), root], options.imports);
  }
}

function withRoot(providers: Provider[], imports: DynamicModule["imports"] = []): DynamicModule {
  return { module: SSEModule, imports: [{ module: SSERootModule, imports, providers, exports: [configured] }] };
}

function optionsFrom({ useFactory, useClass, useExisting, inject }: SSEModuleAsyncOptions): Provider[] {
  if (useFactory) return [{ provide: given, useFactory, inject: inject ?? [] }];
  const factory = useExisting ?? useClass;
  if (!factory) throw new TypeError("forRootAsync needs useFactory, useClass or useExisting");
  const options: Provider = {
    provide: given,
    useFactory: (from: SSEOptionsFactory) => from.createSSEOptions(),
    inject: [factory],
  };
  return useClass ? [{ provide: useClass, useClass }, options] : [options];
}
