import {
  type CanActivate,
  createParamDecorator,
  type ExecutionContext,
  HttpException,
  Inject,
  Injectable,
  SetMetadata,
} from "@nestjs/common";
import { isCarillonError } from "carillon-server";
import type { AuthenticatedUser, GuardedRequest } from "./auth.js";
import { SSE_ROOT, type SSERoot } from "./root.js";

const rolesKey = "carillon-nest roles";

/** One of these roles is needed. */
export const Roles = (...roles: string[]) => SetMetadata(rolesKey, roles);

/** The user whom a guard has found; undefined if there is none. */
export const CurrentUser = createParamDecorator(
  (_: unknown, context: ExecutionContext): AuthenticatedUser | undefined =>
    context.switchToHttp().getRequest<GuardedRequest>().user,
);

function refused(status: 401 | 403, detail: string): HttpException {
  const code = status === 401 ? "UNAUTHENTICATED" : "FORBIDDEN";
  const title = status === 401 ? "Unauthorized" : "Forbidden";
  return new HttpException({ type: "about:blank", title, status, detail, code }, status);
}

async function findUser(root: SSERoot, request: GuardedRequest): Promise<AuthenticatedUser | undefined> {
  try {
    return await root.tokens.userOf(request);
  } catch (why) {
    if (isCarillonError(why)) throw refused(401, why.message);
    throw why;
  }
}

/** Needs a valid token, in `Authorization: Bearer` or `?token=`, and one of the `@Roles()` if there are any. */
@Injectable()
export class AuthGuard implements CanActivate {
  constructor(@Inject(SSE_ROOT) private readonly root: SSERoot) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const request = context.switchToHttp().getRequest<GuardedRequest>();
    // Another guard of the application may have found the user already.
    const user = request.user ?? (await findUser(this.root, request));
    if (!user) throw refused(401, "a token is needed");
    request.user = user;
    const needed = rolesOf(context);
    if (needed.length > 0 && !needed.some((role) => user.roles?.includes(role))) {
      throw refused(403, `one of these roles is needed: ${needed.join(", ")}`);
    }
    return true;
  }
}

/** Lets everybody in, and says who it is where a valid token is shown. A wrong token is refused. */
@Injectable()
export class OptionalAuthGuard implements CanActivate {
  constructor(@Inject(SSE_ROOT) private readonly root: SSERoot) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const request = context.switchToHttp().getRequest<GuardedRequest>();
    const user = request.user ?? (await findUser(this.root, request));
    if (user) request.user = user;
    return true;
  }
}

function rolesOf(context: ExecutionContext): string[] {
  for (const target of [context.getHandler(), context.getClass()]) {
    const roles: unknown = Reflect.getMetadata(rolesKey, target);
    if (Array.isArray(roles)) return roles as string[];
  }
  return [];
}
