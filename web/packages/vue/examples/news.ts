// A page that shows what is published to `news`.
import { provideCarillon, useTopic } from "carillon-vue";
import { createApp, defineComponent, h, ref } from "vue";

const News = defineComponent(() => {
  const headlines = ref<string[]>([]);
  useTopic<{ text: string }>("news", ({ data }) => headlines.value.unshift(data.text));
  return () =>
    h(
      "ul",
      headlines.value.map((text) => h("li", text)),
    );
});

const App = defineComponent(() => {
  const { isConnected } = provideCarillon({ url: "http://localhost:3000/events/subscribe" });
  return () => h("main", [h("p", { role: "status" }, isConnected.value ? "live" : "connecting …"), h(News)]);
});

createApp(App).mount(document.body.appendChild(document.createElement("div")));
