export { type Connection, provideCarillon, type SSE, useConnection, useEvent, usePresence, useSSE, useTopic } from "./composables.js";
export { TrackConnections } from "./track_connections.js";
export type { Presence, ReceivedEvent, Snapshot, SSEOptions, StoreOptions } from "carillon-client/store";
