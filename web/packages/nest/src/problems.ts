import { type CallHandler, type ExecutionContext, HttpException, Injectable, type NestInterceptor } from "@nestjs/common";
import { isCarillonError } from "carillon-server";
import { catchError, type Observable, throwError } from "rxjs";

/** Answers a failed call of Carillon with the same status and code: `app.useGlobalInterceptors(new ProblemInterceptor())`. */
@Injectable()
export class ProblemInterceptor implements NestInterceptor {
  intercept(_: ExecutionContext, next: CallHandler): Observable<unknown> {
    return next.handle().pipe(
      catchError((why: unknown) => {
        if (!isCarillonError(why)) return throwError(() => why);
        const status = why.status ?? 503;
        const body = { type: "about:blank", title: "Error", status, detail: why.message, code: why.code };
        return throwError(() => new HttpException(body, status, { cause: why }));
      }),
    );
  }
}
