// Topics: the calls and types of a topic service.
export type { AnyResponse } from "./passed_clients.js";
export { type SSEClient, type SSEConfig, type SSEEvent, SSEService } from "./sse_service.js";
