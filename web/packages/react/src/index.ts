export { CarillonProvider, type CarillonProviderProps } from "./provider.js";
export { type Connection, type SSE, useConnection, useEvent, usePresence, useSSE, useTopic } from "./hooks.js";
export { TrackConnections, type TrackConnectionsProps } from "./track_connections.js";
export type { Presence, ReceivedEvent, Snapshot, SSEOptions, StoreOptions } from "carillon-client/store";
