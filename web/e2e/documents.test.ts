// The client snippets of the five systems' documents, in Chromium against the real server. They stand as they
// are; where a line had to change, it says what the platform forces.
import { createHmac } from "node:crypto";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import type { Browser } from "playwright-core";
import { startBrowser } from "./support/browser.js";
import { Nginx } from "./support/nginx.js";
import { runSnippet } from "./support/page.js";
import { Server } from "./support/server.js";

// The document's own: test123, testuser, test@example.com, roles user and admin.
const documentToken = "dGVzdDEyMzp0ZXN0dXNlcjp0ZXN0QGV4YW1wbGUuY29tOnVzZXIsYWRtaW4=";

let browser: Browser;
let server: Server;

beforeAll(async () => {
  browser = await startBrowser();
});
afterAll(() => browser?.close());
beforeEach(async () => {
  server = await Server.start();
});
afterEach(() => server?.stop());

/** A JSON Web Token with HS256. */
function signed(claims: object, secret: string): string {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");
  const text = `${part({ alg: "HS256", typ: "JWT" })}.${part({ ...claims, exp: Math.floor(Date.now() / 1000) + 600 })}`;
  return `${text}.${createHmac("sha256", secret).update(text).digest("base64url")}`;
}

async function post(path: string, body: object, token = documentToken, origin = server.url): Promise<unknown> {
  const answer = await fetch(`${origin}${path}`, {
    method: "POST",
    headers: { Authorization: `Bearer ${token}`, "Content-Type": "application/json" },
    body: JSON.stringify(body),
  });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${path}: ${answer.status} ${text}`);
  return text === "" ? undefined : JSON.parse(text);
}

test("system A: a topic's page gets messages and custom events", async () => {
  const page = await runSnippet(
    browser,
    server.url,
    `
// Connect to SSE endpoint
const eventSource = new EventSource('/events/subscribe/my-topic');

// Handle connection open
eventSource.onopen = () => {
  console.log('SSE connection established');
};

// Handle messages
eventSource.onmessage = (event) => {
  const data = JSON.parse(event.data);
  console.log('Received:', data);
};

// Handle specific event types
eventSource.addEventListener('custom-event', (event) => {
  const data = JSON.parse(event.data);
  console.log('Custom event:', data);
});

// Handle errors
eventSource.onerror = (error) => {
  console.error('SSE error:', error);
};
`,
  );
  await page.says("SSE connection established");
  await server.publish("my-topic", { n: 1 }, { event: "message", id: "1234", timestamp: new Date().toISOString() });
  await server.publish("my-topic", { n: 2 }, { event: "custom-event" });
  expect(await page.says("Received:")).toBe('Received: {"n":1}');
  expect(await page.says("Custom event:")).toBe('Custom event: {"n":2}');
});

test("system C: the quick test in the console, and the document's curl", async () => {
  const page = await runSnippet(
    browser,
    server.url,
    `
// Quick test in browser console
const eventSource = new EventSource('/notifications/stream?token=dGVzdDEyMzp0ZXN0dXNlcjp0ZXN0QGV4YW1wbGUuY29tOnVzZXIsYWRtaW4=');
eventSource.onmessage = (event) => {
    console.log('SSE Event:', JSON.parse(event.data));
};
eventSource.onopen = () => console.log('open');
`,
  );
  await page.says("open");
  await post("/notifications/send", { title: "Test", message: "Hello World", type: "info" });
  expect(await page.says("SSE Event:")).toMatch(/"title":"Test","message":"Hello World"/);
});

test("system C: the listener of the React and Vue examples", async () => {
  const page = await runSnippet(
    browser,
    server.url,
    `
const notifications = [];
let eventSource = null;
const endpoint = '/notifications/stream', token = '${documentToken}';
    eventSource = new EventSource(\`\${endpoint}?token=\${token}\`);
    eventSource.addEventListener('notification', (event) => {
        notifications.push(JSON.parse(event.data));
        console.log('notifications:', notifications.length);
    });
eventSource.onopen = () => console.log('open');
`,
  );
  await page.says("open");
  await post("/notifications/broadcast", { title: "Test", message: "Hello all" });
  expect(await page.says("notifications:")).toBe("notifications: 1");
});

test("behind the nginx of system C's document everything works as it stands", async () => {
  const nginx = await Nginx.ofDocument(server.port);
  try {
    const page = await runSnippet(
      browser,
      nginx.url,
      `
const eventSource = new EventSource('/api/notifications/stream?token=${documentToken}');
eventSource.onmessage = (event) => console.log('SSE Event:', JSON.parse(event.data));
eventSource.onopen = () => console.log('open');
`,
      "/api/system/health",
    );
    await page.says("open");
    await post("/api/notifications/send", { message: "through nginx" }, documentToken, nginx.url);
    expect(await page.says("SSE Event:")).toContain("through nginx");
    await post("/api/chat/room/general/join", {}, documentToken, nginx.url);
    await post("/api/chat/message", { roomId: "general", message: "hi" }, documentToken, nginx.url);
    expect((await fetch(`${nginx.url}/api/system/stats`)).status).toBe(200);
  } finally {
    await nginx.stop();
  }
});

test("system D: a page with a user, the document's curl, and the list of clients", async () => {
  const page = await runSnippet(
    browser,
    server.url,
    `
const source = new EventSource('/api/sse?userId=user123&sessionId=abc123&role=admin');
source.addEventListener('notification', (event) => console.log('Received notification:', event.data));
source.onopen = () => console.log('open');
`,
  );
  await page.says("open");
  const sent = await fetch(`${server.url}/api/sse/test`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: '{"userId": "user123", "message": "Test notification"}',
  });
  expect(sent.status).toBe(200);
  expect(await page.says("Received notification:")).toContain('"message":"Test notification"');
  const { stats, clients } = (await (await fetch(`${server.url}/api/sse/clients?userId=user123`)).json()) as {
    stats: { totalClients: number; totalEventsSent: number };
    clients: { userId: string; sessionId: string }[];
  };
  expect(stats.totalClients).toBe(1);
  expect(stats.totalEventsSent).toBe(1);
  expect(clients[0]).toMatchObject({ userId: "user123", sessionId: "abc123" });
});

test("system B: a signed-in user's page switches on the type", async () => {
  const page = await runSnippet(
    browser,
    server.url,
    `
const handleNewCalendarEvent = (data) => console.log('calendar:', data);
const showNotification = (data) => console.log('notification:', data);
// Connect to SSE endpoint. The platform sends no headers here, so the token is in the address.
const eventSource = new EventSource('/api/sse/connect?token=${documentToken}');

// Listen for events
eventSource.onmessage = function(event) {
  const data = JSON.parse(event.data);
  console.log('Received SSE event:', data);

  switch(data.type) {
    case 'calendar_event_created':
      handleNewCalendarEvent(data.data);
      break;
    case 'notification':
      showNotification(data.data);
      break;
    case 'heartbeat':
      // Connection is alive
      break;
  }
};

// Handle connection errors
eventSource.onerror = function(error) {
  console.error('SSE connection error:', error);
  // Implement reconnection logic
};
`,
  );
  expect(await page.says("Received SSE event:")).toContain('"type":"connection_established"');
  await post("/api/sse/send", { userId: "test123", type: "notification", data: { text: "hi" } });
  expect(await page.says("notification:")).toContain('{"text":"hi"}');
  await post("/api/sse/send", { type: "calendar_event_created", data: { title: "Lunch" } });
  expect(await page.says("calendar:")).toContain('{"title":"Lunch"}');
});

test("system E: the four shapes, for whoever has a signed token", async () => {
  const secret = "a secret of more than thirty-two bytes";
  const keyed = await Server.start("--auth.secret", secret);
  try {
    const [user, sender] = [signed({ sub: "ann" }, secret), signed({ sub: "app", roles: ["admin"] }, secret)];
    const page = await runSnippet(
      browser,
      keyed.url,
      `
// The platform sends no headers here, so the token is in the address.
const eventSource = new EventSource('/api/v1/sse/notifications?token=${user}');

eventSource.onmessage = function(event) {
  const data = JSON.parse(event.data);

  switch(data.type) {
    case 'connection':
      console.log('SSE connection established');
      break;
    case 'notification':
      console.log('New notification:', data);
      // Handle notification display
      break;
    case 'system':
      console.log('System event:', data);
      break;
    case 'custom':
      console.log('Custom event:', data);
      break;
  }
};

eventSource.onerror = function(error) {
  console.error('SSE connection error:', error);
  // Implement reconnection logic
};
`,
    );
    await page.says("SSE connection established");
    const base = "/api/v1/sse";
    await post(`${base}/notifications`, { type: "INFO", action: "CREATE", message: "hi", userIds: ["ann"] }, sender, keyed.url);
    expect(await page.says("New notification:")).toContain('"notificationType":"INFO"');
    await post(`${base}/system`, { eventType: "maintenance", data: { message: "System maintenance" } }, sender, keyed.url);
    expect(await page.says("System event:")).toContain("System maintenance");
    await post(`${base}/custom`, { eventType: "user_activity", data: { action: "login" }, userIds: ["ann"] }, sender, keyed.url);
    expect(await page.says("Custom event:")).toContain('"action":"login"');
  } finally {
    await keyed.stop();
  }
});
