// The same for carillon-vue.
import { TrackConnections, provideCarillon, useConnection, useEvent, usePresence, useSSE, useTopic } from "carillon-vue";
import { createApp, createSSRApp, defineComponent, h, ref } from "vue";

const Topic = defineComponent({
  props: { name: { type: String, required: true } },
  setup(props) {
    const last = useTopic<string>(() => props.name);
    return () => h("p", { "data-testid": `topic ${props.name}` }, last.value?.data ?? "nothing");
  },
});

const Ticks = defineComponent(() => {
  const ticks = ref(0);
  useEvent("tick", () => ++ticks.value);
  return () => h("p", { "data-testid": "ticks" }, ticks.value);
});

const State = defineComponent(() => {
  const { status } = useConnection();
  return () => h("p", { "data-testid": "status" }, status.value);
});

const Inner = defineComponent({
  props: { server: { type: String, required: true }, parts: { type: Array<string>, required: true } },
  setup(props) {
    provideCarillon(() => ({ url: `${props.server}/events/subscribe`, onGap: () => {} }));
    return () => [h(State), h(Ticks), props.parts.map((name, n) => h(Topic, { name, key: props.parts.length - n }))];
  },
});

export const Provided = defineComponent({
  props: { server: { type: String, required: true } },
  setup(props) {
    const parts = ref(["a", "a", "b"]);
    const rendered = ref(0);
    const mounted = ref(true);
    return () => [
      h("button", { onClick: () => (parts.value = parts.value.slice(1)) }, "remove"),
      h("button", { onClick: () => ++rendered.value }, "render"),
      h("button", { onClick: () => (mounted.value = false) }, "unmount"),
      mounted.value ? h(Inner, { server: props.server, parts: parts.value }) : null,
    ];
  },
});

const Who = defineComponent({
  props: { topic: { type: String, required: true } },
  setup(props) {
    const present = usePresence(() => props.topic);
    return () => {
      const { users, count, complete } = present.value;
      return h("p", { "data-testid": `in ${props.topic}` }, complete ? `${count}: ${users.join()}` : "nobody known");
    };
  },
});

/** Who is in a room; the button goes to another. */
export const Room = defineComponent({
  props: { server: { type: String, required: true }, token: { type: String, required: true } },
  setup(props) {
    const room = ref("room/1");
    provideCarillon(() => ({ url: `${props.server}/events/subscribe`, token: () => props.token }));
    return () => [h("button", { onClick: () => (room.value = "room/2") }, "other"), h(Who, { topic: room.value })];
  },
});

const OfDocument = defineComponent({
  props: { server: { type: String, required: true } },
  setup(props) {
    const user = ref("alice");
    const heard = ref<unknown[]>([]);
    const { isConnected, lastEvent, addEventListener } = useSSE(() => ({
      url: `${props.server}/events/subscribe/${user.value}`,
      userId: user.value,
      metadata: { theme: "dark" },
      autoReconnect: true,
      reconnectInterval: 200,
      maxReconnectAttempts: 10,
    }));
    addEventListener("notification", (event) => heard.value.push(event.data));
    return () => [
      h("button", { onClick: () => (user.value = "bob") }, "bob"),
      h("p", { "data-testid": "status" }, isConnected.value ? "Connected" : "Disconnected"),
      h("pre", { "data-testid": "last" }, JSON.stringify(lastEvent.value?.data)),
      h("pre", { "data-testid": "heard" }, JSON.stringify(heard.value)),
    ];
  },
});

/** A token that is given as a text: the button renews it. */
const Renewed = defineComponent({
  props: { server: { type: String, required: true } },
  setup(props) {
    const name = ref("alice");
    const heard = ref<unknown[]>([]);
    const { isConnected, addEventListener } = useSSE(() => ({ url: `${props.server}/events/subscribe/news`, token: btoa(`alice:${name.value}::user`), reconnectInterval: 2000 }));
    addEventListener("message", ({ data }) => heard.value.push(data));
    return () => [
      h("button", { onClick: () => (name.value += "+") }, "renew"),
      h("p", { "data-testid": "status" }, isConnected.value ? "Connected" : "Disconnected"),
      h("pre", { "data-testid": "heard" }, JSON.stringify(heard.value)),
    ];
  },
});

/** What system D's demo shows: messages for a user, and who is connected. */
const Demo = defineComponent({
  props: { server: { type: String, required: true } },
  setup(props) {
    const { isConnected, lastEvent } = useSSE({ url: `${props.server}/api/sse`, userId: "user123", metadata: { theme: "dark" } });
    return () => [
      h("p", { "data-testid": "status" }, isConnected.value ? "Connected" : "Disconnected"),
      h("p", { "data-testid": "last" }, (lastEvent.value?.data as { message?: string } | undefined)?.message ?? "nothing"),
      h(TrackConnections, { url: `${props.server}/api/sse/clients`, interval: 50 }),
    ];
  },
});

if (typeof document !== "undefined") {
  const query = new URLSearchParams(location.search);
  const server = query.get("server") ?? "";
  const apps: Record<string, () => unknown> = {
    provided: () => h(Provided, { server }),
    room: () => h(Room, { server, token: query.get("token") ?? "" }),
    document: () => h(OfDocument, { server }),
    renewed: () => h(Renewed, { server }),
    demo: () => h(Demo, { server }),
    connections: () => h(TrackConnections, { url: "/api/sse/clients", interval: 50 }),
  };
  const root = document.querySelector("#root")!;
  const app = defineComponent(() => apps[query.get("app")!] as () => ReturnType<typeof h>);
  (root.hasChildNodes() ? createSSRApp(app) : createApp(app)).mount(root);
}
