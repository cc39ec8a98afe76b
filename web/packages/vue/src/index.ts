export { type Connection, provideCarillon, type SSE, useConnection, useEvent, useSSE, useTopic } from "./composables.js";
export { TrackConnections } from "./track_connections.js";
export type { ReceivedEvent, Snapshot, SSEOptions, StoreOptions } from "carillon-client/store";
