import type { ServerResponse } from "node:http";
import type { Carillon, User } from "carillon-server";
import { type NodeRequest, passThrough } from "carillon-server/express";
import type { UserEvent, UserStream } from "carillon-server/users";
import { Observable } from "rxjs";

/** A response of Express, or of Fastify with Node's own under `raw`. */
export type StreamResponse = ServerResponse | { raw: ServerResponse; hijack?: () => unknown };
/** The same of requests. */
export type StreamRequest = NodeRequest | { raw: NodeRequest };

export interface StreamTarget {
  /** The path on Carillon: `/events/subscribe`, `/api/sse/connect`, `/notifications/stream`, … */
  path: string;
  /** For whom; absent: for nobody in particular. */
  user?: User | undefined;
  /** Topics, in place of those in the request's query. */
  topics?: readonly string[];
}

/** Streams that Carillon holds, under the application's own URLs. */
export class SSEStreams {
  private readonly open = new Set<ServerResponse>();

  constructor(
    private readonly carillon: Carillon,
    private readonly expiresIn = 3600,
  ) {}

  /** Answers the request with a stream of Carillon; resolves when it is over. Use it in a handler that takes `@Res()`. */
  async pass(request: StreamRequest, response: StreamResponse, target: StreamTarget): Promise<void> {
    const incoming = "raw" in request ? request.raw : request;
    const outgoing = "raw" in response ? response.raw : response;
    if ("raw" in response) response.hijack?.();
    const { path, user, topics } = target;
    const { carillon, expiresIn } = this;
    this.open.add(outgoing);
    outgoing.once("close", () => this.open.delete(outgoing));
    await passThrough({
      carillon,
      path,
      expiresIn,
      ...(topics && { topics }),
      ...(user && { user: () => user }),
    })(incoming, outgoing);
  }

  /** Ends those of this process; browsers come back with their cursors. */
  endAll(): void {
    for (const response of this.open) response.destroy();
  }
}

/** A user's events for a handler with `@Sse()`. The stream ends with the last of its observers. */
export function messagesOf(stream: UserStream): Observable<{ data: UserEvent }> {
  return new Observable((observer) => {
    const subscription = stream.subscribe({
      next: (data) => observer.next({ data }),
      error: (why) => observer.error(why),
      complete: () => observer.complete(),
    });
    return () => {
      subscription.unsubscribe();
      stream.close();
    };
  });
}
