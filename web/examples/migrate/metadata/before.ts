import express from "express";
import { broadcast, connectSSE, initializeSSE, notifyUser } from "../own/metadata.js";

initializeSSE({
  pingInterval: 45000, // 45 seconds
  clientTimeout: 90000, // 90 seconds
  maxClients: 1000,
});

export const app = express();
app.get("/api/sse", connectSSE);

app.post("/orders/:userId", (request, response) => {
  notifyUser(request.params.userId, { event: "notification", data: { message: "Hello, user!" } });
  broadcast({ event: "alert", data: { message: "System update available" } });
  response.json({ ok: true });
});
