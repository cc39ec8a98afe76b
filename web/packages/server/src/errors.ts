/**
 * What went wrong, stable over versions: the codes of Carillon's problem documents, and those of this package.
 * `QUEUE_FULL`: too much waits in this process. `TIMEOUT`, `NETWORK_ERROR`: the server could not be asked.
 * `CLOSED`: `close()` has been called. `BAD_ANSWER`: something else than Carillon answers at this URL.
 */
export type ErrorCode =
  | "INVALID_REQUEST"
  | "UNAUTHENTICATED"
  | "FORBIDDEN"
  | "NOT_FOUND"
  | "CLIENT_NOT_FOUND"
  | "DISABLED"
  | "METHOD_NOT_ALLOWED"
  | "CONFLICT"
  | "SEND_ERROR"
  | "PAYLOAD_TOO_LARGE"
  | "EVENT_TOO_LARGE"
  | "RATE_LIMITED"
  | "MAX_CLIENTS"
  | "UNAVAILABLE"
  | "INTERNAL"
  | "IO_ERROR"
  | "QUEUE_FULL"
  | "TIMEOUT"
  | "NETWORK_ERROR"
  | "CLOSED"
  | "BAD_ANSWER"
  | (string & {});

export interface ErrorDetails {
  /** The HTTP status; absent if no answer came. */
  status?: number;
  /** Milliseconds after which the server wants to be asked again. */
  retryAfter?: number;
  /** Under this key the call may be repeated: what was stored is not stored a second time. */
  idempotencyKey?: string;
  /** True if nobody knows whether the server has stored it. */
  maybeStored?: boolean;
  cause?: unknown;
}

export class CarillonError extends Error {
  override readonly name = "CarillonError";
  readonly code: ErrorCode;
  readonly status: number | undefined;
  readonly retryAfter: number | undefined;
  readonly idempotencyKey: string | undefined;
  readonly maybeStored: boolean;

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.status = details.status;
    this.retryAfter = details.retryAfter;
    this.idempotencyKey = details.idempotencyKey;
    this.maybeStored = details.maybeStored ?? false;
  }

  /** The same error with more known about it. */
  with(details: ErrorDetails): CarillonError {
    const { code, message, status, retryAfter, idempotencyKey, maybeStored, cause } = this;
    return new CarillonError(code, message, { status, retryAfter, idempotencyKey, maybeStored, cause, ...details });
  }
}

/** Also true for errors of another copy of this package. */
export function isCarillonError(value: unknown): value is CarillonError {
  return value instanceof Error && value.name === "CarillonError" && "code" in value;
}

/** The error that an answer stands for: its problem document (RFC 9457), or what its status says. */
export function errorOf(status: number, body: string, retryAfter?: number): CarillonError {
  let problem: { code?: unknown; detail?: unknown; title?: unknown } = {};
  try {
    const parsed: unknown = JSON.parse(body);
    if (typeof parsed === "object" && parsed !== null) problem = parsed;
  } catch {
    // A proxy's page; the status has to do.
  }
  const code = typeof problem.code === "string" ? problem.code : codeOf(status);
  const said = [problem.detail, problem.title].find((text) => typeof text === "string");
  return new CarillonError(code, typeof said === "string" ? said : `the server answered ${status}`, {
    status,
    ...(retryAfter !== undefined && { retryAfter }),
  });
}

function codeOf(status: number): ErrorCode {
  switch (status) {
    case 400:
      return "INVALID_REQUEST";
    case 401:
      return "UNAUTHENTICATED";
    case 403:
      return "FORBIDDEN";
    case 404:
      return "NOT_FOUND";
    case 405:
      return "METHOD_NOT_ALLOWED";
    case 409:
      return "CONFLICT";
    case 413:
      return "PAYLOAD_TOO_LARGE";
    case 429:
      return "RATE_LIMITED";
    case 502:
    case 503:
    case 504:
      return "UNAVAILABLE";
    default:
      return status >= 500 ? "INTERNAL" : "INVALID_REQUEST";
  }
}

/**
 * Throws `INVALID_REQUEST` unless all are names. A name that is missing would be left out of the JSON, and a call that
 * names nobody is for everybody.
 */
export function checkNames(names: readonly string[]): void {
  if (!Array.isArray(names) || names.some((name) => typeof name !== "string" || name === "")) {
    throw new CarillonError("INVALID_REQUEST", "a recipient has no name");
  }
}
