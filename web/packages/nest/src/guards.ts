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

/** The user whom a guard has found; undefined if there is none. Of another guard's user the id may be called `userId` or `sub`. */
export const CurrentUser = createParamDecorator(
  (_: unknown, context: ExecutionContext): AuthenticatedUser | undefined =>
    known(context.switchToHttp().getRequest<GuardedRequest>().user),
);

function known(user: AuthenticatedUser | undefined): AuthenticatedUser | undefined {
  if (!user || (typeof user.id === "string" && user.id !== "")) return user;
  // What other guards find, such as Passport's, belongs to the application: it stays as it is.
  const { id, userId, sub } = user as { id?: unknown; userId?: unknown; sub?: unknown };
  const name = id || userId || sub;
  if (typeof name !== "string" && typeof name !== "number") return undefined;
  return { ...user, id: String(name), userId: String(name), roles: user.roles ?? [] };
}

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
    if (!user || !known(user)) throw refused(401, user ? "the user has no id" : "a token is needed");
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
