import { passThrough } from "carillon-server/express";
import { broadcast, initializeSSE, notifyUser } from "carillon-server/metadata";
import express from "express";
import { userOf } from "../own/login.js";

const { carillon } = initializeSSE({
  url: process.env.CARILLON_URL ?? "http://localhost:3000",
  pingInterval: 45000, // 45 seconds
  clientTimeout: 90000, // 90 seconds
  maxClients: 1000,
});

export const app = express();
app.get("/api/sse", passThrough({ carillon, user: userOf }));

app.post("/orders/:userId", (request, response) => {
  notifyUser(request.params.userId, { event: "notification", data: { message: "Hello, user!" } });
  broadcast({ event: "alert", data: { message: "System update available" } });
  response.json({ ok: true });
});
