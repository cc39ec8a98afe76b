export { CarillonProvider, type CarillonProviderProps } from "./provider.js";
export { type Connection, type SSE, useConnection, useEvent, useSSE, useTopic } from "./hooks.js";
export { TrackConnections, type TrackConnectionsProps } from "./track_connections.js";
export type { ReceivedEvent, Snapshot, SSEOptions, StoreOptions } from "carillon-client/store";
