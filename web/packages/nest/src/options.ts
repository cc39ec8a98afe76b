import type { InjectionToken, ModuleMetadata, OptionalFactoryDependency, Type } from "@nestjs/common";
import type { Carillon, CarillonOptions, User } from "carillon-server";
import type { SSEConfig } from "carillon-server/topics";

/** Where Carillon is and who this process is for it; the options of the module that it replaces may stay. */
export interface SSEModuleOptions extends CarillonOptions, SSEConfig {
  /** Use this one in place of one of the module's own; it is not closed with the application. */
  carillon?: Carillon;
  /** Who shows this token, or nobody. Default: tokens that are signed with `secret`, and development tokens where Carillon believes them. */
  verify?: (token: string) => User | undefined | null | Promise<User | undefined | null>;
  /** Events of one user in the controllers' streams: seconds that a stream lasts before the login is asked again. Default 3600. */
  streamLifetime?: number;
}

export interface SSEOptionsFactory {
  createSSEOptions(): SSEModuleOptions | Promise<SSEModuleOptions>;
}

export interface SSEModuleAsyncOptions extends Pick<ModuleMetadata, "imports"> {
  inject?: (InjectionToken | OptionalFactoryDependency)[];
  // Nest gives a factory what `inject` lists, which no type can say.
  useFactory?: (...given: any[]) => SSEModuleOptions | Promise<SSEModuleOptions>;
  useClass?: Type<SSEOptionsFactory>;
  useExisting?: InjectionToken<SSEOptionsFactory>;
}
