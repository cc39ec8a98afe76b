import { type Polled, pollConnections } from "carillon-client/store";
import { type PropType, defineComponent, h, onMounted, onScopeDispose, shallowRef, watch } from "vue";

/** Who is connected, in figures: total, by user, average duration, events sent, last event. */
export const TrackConnections = defineComponent({
  name: "TrackConnections",
  props: {
    url: { type: String, default: "/api/sse/clients" },
    /** Milliseconds between two looks. */
    interval: { type: Number, default: 5000 },
    token: [String, Function] as PropType<string | (() => string | undefined | Promise<string | undefined>)>,
  },
  setup(props) {
    const polled = shallowRef<Polled>({});
    let end = new AbortController();
    const begin = (): void => {
      end.abort();
      end = new AbortController();
      const { url, interval } = props;
      const token = (): string | undefined | Promise<string | undefined> => (typeof props.token === "function" ? props.token() : props.token);
      pollConnections({ url, interval, token, signal: end.signal, told: (found) => (polled.value = found) });
    };
    onMounted(() => {
      begin();
      watch(() => [props.url, props.interval], begin);
    });
    onScopeDispose(() => end.abort());
    return () => {
      const { statistics, problem } = polled.value;
      return h("section", { "aria-label": "Connections", "aria-busy": !statistics && !problem }, [
        problem && h("p", { role: "alert" }, problem),
        !statistics && !problem && h("p", { role: "status" }, "Loading …"),
        statistics &&
          h("dl", [
            h("dt", "Connected clients"),
            h("dd", statistics.total),
            h("dt", "Average duration"),
            h("dd", `${Math.round(statistics.averageDuration / 1000)} s`),
            h("dt", "Events sent"),
            h("dd", statistics.eventsSent),
            h("dt", "Last event"),
            h("dd", statistics.lastEventAt ? new Date(statistics.lastEventAt).toLocaleTimeString() : "none yet"),
          ]),
        statistics &&
          Object.keys(statistics.byUser).length > 0 &&
          h("table", [
            h("thead", h("tr", [h("th", { scope: "col" }, "User"), h("th", { scope: "col" }, "Clients")])),
            h(
              "tbody",
              Object.entries(statistics.byUser).map(([user, count]) => h("tr", { key: user }, [h("td", user), h("td", count)])),
            ),
          ]),
      ]);
    };
  },
});
