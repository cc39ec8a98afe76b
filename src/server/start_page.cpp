#include "server/pages.hpp"

namespace carillon::server {

std::string_view start_page() noexcept {
    return R"html(<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Carillon</title>
<link rel="icon" href="data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E%3Cpath fill='%23b4532a' d='M8 1a4 4 0 0 0-4 4c0 4-2 5-2 7h12c0-2-2-3-2-7a4 4 0 0 0-4-4zM6 13a2 2 0 0 0 4 0z'/%3E%3C/svg%3E">
<style>
  :root { color-scheme: light dark; --line: #8884; --accent: #b4532a; }
  body { font: 16px/1.5 system-ui, sans-serif; max-width: 46rem; margin: 2.5rem auto; padding: 0 1rem; }
  h1 { margin: 0; font-size: 1.6rem; } h1 small { font-size: .9rem; font-weight: 400; opacity: .7; }
  form { display: flex; gap: .5rem; flex-wrap: wrap; align-items: end; margin: 1.25rem 0; }
  label { display: grid; gap: .2rem; font-size: .85rem; flex: 1 1 10rem; }
  input, button { font: 1rem/1.5 system-ui, sans-serif; padding: .45rem .6rem; border: 1px solid var(--line); border-radius: .4rem; }
  button { background: var(--accent); color: #fff; border-color: transparent; cursor: pointer; }
  #state { font-size: .9rem; } #state::before { content: "● "; color: #999; }
  #state.open::before { color: #2a9d4a; } #state.lost::before { color: #c33; }
  ol { list-style: none; padding: 0; border-top: 1px solid var(--line); }
  li { padding: .5rem 0; border-bottom: 1px solid var(--line); overflow-wrap: anywhere; }
  li small { display: block; opacity: .65; font-family: ui-monospace, monospace; }
</style>
<h1>Carillon <small>Server-Sent Events hub</small></h1>
<form id="listen">
  <label>Topic or pattern <input id="pattern" value="news" required></label>
  <button>Listen</button>
</form>
<p id="state" role="status" aria-live="polite">not listening</p>
<form id="publish">
  <label>Topic <input id="topic" value="news" required></label>
  <label>Data <input id="data" value="Hello" required></label>
  <button>Publish</button>
</form>
<p id="answer" role="status" aria-live="polite"></p>
<ol id="events" aria-label="Events, newest first"></ol>
<script>
const $ = (id) => document.getElementById(id);
let source = null;
const show = (text, kind) => { $("state").textContent = text; $("state").className = kind; };
const add = (message) => {
  const { id, event, topics, data } = JSON.parse(message.data);
  const row = document.createElement("li");
  const note = document.createElement("small");
  note.textContent = [topics.join(", "), event, id].filter(Boolean).join(" · ");
  row.append(typeof data === "string" ? data : JSON.stringify(data), note);
  $("events").prepend(row);
  while ($("events").children.length > 200) $("events").lastChild.remove();
};
const path = (topic) => topic.split("/").map(encodeURIComponent).join("/");
const listen = () => {
  source?.close();
  const topic = $("pattern").value;
  // The full envelope comes without a name, so that events of every name arrive.
  source = new EventSource("events/subscribe?envelope=full&topic=" + encodeURIComponent(topic));
  show("connecting…", "");
  source.addEventListener("carillon.open", (e) => show("listening to " + topic + " (" + JSON.parse(e.data).resume + ")", "open"));
  source.onmessage = add;
  source.onerror = () => show(source.readyState === EventSource.CLOSED ? "refused" : "lost, reconnecting…", "lost");
};
$("listen").onsubmit = (e) => { e.preventDefault(); listen(); };
$("publish").onsubmit = async (e) => {
  e.preventDefault();
  let data = $("data").value;
  try { data = JSON.parse(data); } catch { /* plain text */ }
  try {
    const reply = await fetch("events/publish/" + path($("topic").value), {
      method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ data }) });
    const body = await reply.json();
    $("answer").textContent = reply.ok ? "published as " + body.id : body.detail;
  } catch (problem) { $("answer").textContent = String(problem); }
};
listen();
</script>
</html>
)html";
}

}  // namespace carillon::server
