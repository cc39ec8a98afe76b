export type { BackoffOptions } from "./backoff.js";
export type { BatchLimits } from "./batcher.js";
export type { CallerOptions, TokenSource, User } from "./caller.js";
export {
  Carillon,
  type CarillonOptions,
  type ClientQuery,
  type ClientRecord,
  type HistoryPage,
  type HistoryQuery,
  type Prefixes,
  type Receipt,
  type ScheduledEvent,
} from "./carillon.js";
export type { ConnectionOptions } from "./connection.js";
export { CarillonError, type ErrorCode, isCarillonError } from "./errors.js";
export type { EventContent, KeptEvent, OutgoingEvent, Published } from "./event.js";
export type { ReceivedEvent } from "./event_parser.js";
export { type Appended, FiniteStream, type Piped, type PipeOptions, type StreamItem } from "./finite_stream.js";
export { type ReadOptions, readStream } from "./reading.js";
export { developmentToken, readDevelopmentToken, signToken, type TokenContent, type VerifiedToken, type VerifyOptions, verifyToken } from "./tokens.js";
