export { CarillonClient, type EventMap } from "./client.js";
export { createParser, type ParserSink, type RawEvent } from "./parser.js";
export {
  type ClientOptions,
  type FailureKind,
  type Gap,
  type Status,
  StreamErrorEvent,
  type StreamEvent,
  StreamFailure,
  type TokenRequest,
  type Transport,
  type TransportRequest,
} from "./types.js";
export { connect } from "./connect.js";
