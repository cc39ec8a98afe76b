import { type CallHandler, type ExecutionContext, HttpException, Injectable, type NestInterceptor } from "@nestjs/common";
import { isCarillonError } from "carillon-server";
import { catchError, type Observable, throwError } from "rxjs";

/** Answers a failed call of Carillon with the same status and code: `app.useGlobalInterceptors(new ProblemInterceptor())`. */
@Injectable()
export class ProblemInterceptor implements NestInterceptor {
  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    return next.handle().pipe(
      catchError((why: unknown) => {
        if (!isCarillonError(why)) return throwError(() => why);
        const status = why.status ?? 503;
        if (why.retryAfter !== undefined) {
          const response = context.switchToHttp().getResponse<{ header?: (name: string, value: string) => unknown }>();
          response.header?.("Retry-After", String(Math.ceil(why.retryAfter / 1000)));
        }
        const body = { type: "about:blank", title: "Error", status, detail: why.message, code: why.code };
        return throwError(() => new HttpException(body, status, { cause: why }));
      }),
    );
  }
}
