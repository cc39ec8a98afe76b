// Sends the call that is described above it, with the session's token.
import { useEffect, useRef, useState, type FormEvent } from "react";
import { ApiProblem, request } from "../api/client.js";
import { useSession } from "../api/session.js";
import { snippet } from "../live/snippets.js";
import { inPath } from "../live/systems.js";
import { Badge, Button, CopyButton, Field, Json, TextArea } from "../ui/index.js";
import { compact } from "../ui/json_text.js";
import { known, sample, type Operation } from "./document.js";

interface Answer {
  status: number;
  type: string;
  text: string;
  took: number;
  over: boolean;
}

const most = 64 * 1024;

export function TryIt({ operation }: { operation: Operation }) {
  const { token, ask } = useSession();
  const [values, setValues] = useState(() =>
    Object.fromEntries(operation.parameters.filter(({ name, in: where, required }) => (where === "path" || required) && typeof known[name] === "string").map(({ name }) => [name, known[name] as string])),
  );
  const [body, setBody] = useState(() => (operation.body ? sample(operation.body.schema) : ""));
  const [answer, setAnswer] = useState<Answer>();
  const [problem, setProblem] = useState<ApiProblem>();
  const [busy, setBusy] = useState(false);
  const running = useRef<AbortController>(undefined);
  useEffect(() => () => running.current?.abort(), []);

  const parameters = operation.parameters.filter(({ in: where, name }) => where !== "header" && name !== "token");
  const query = new URLSearchParams();
  let path = operation.path;
  for (const { name, in: where } of parameters) {
    const value = values[name] ?? "";
    if (where === "path") path = path.replace(`{${name}}`, value ? inPath(name, value) : `{${name}}`);
    else if (value) query.append(name, value);
  }
  const target = query.size > 0 ? `${path}?${query}` : path;
  const missing = parameters.filter(({ in: where, name }) => where === "path" && !values[name]);
  const text = operation.body && body.trim() ? body : undefined;
  let wrong: string | undefined;
  if (text !== undefined) {
    try {
      JSON.parse(text);
    } catch (why) {
      wrong = why instanceof Error ? why.message : String(why);
    }
  }

  const send = async (event: FormEvent) => {
    event.preventDefault();
    running.current?.abort();
    const over = new AbortController();
    running.current = over;
    setBusy(true);
    setProblem(undefined);
    setAnswer(undefined);
    const began = performance.now();
    try {
      const got = await request(target, { method: operation.method, text: text && compact(text), token, signal: over.signal, headers: operation.isStream ? { Accept: "text/event-stream" } : {} });
      const answered: Answer = { status: got.status, type: got.headers.get("Content-Type") ?? "", text: "", took: performance.now() - began, over: false };
      setAnswer(answered);
      const reader = got.body?.getReader();
      const decoder = new TextDecoder();
      let come = "";
      while (reader) {
        const { done, value } = await reader.read();
        if (done) break;
        // Of a stream the newest, of anything else the beginning.
        come += decoder.decode(value, { stream: true });
        if (operation.isStream) come = come.slice(-most);
        else if (come.length > most) {
          come = `${come.slice(0, most)}\n… more than this page shows`;
          await reader.cancel();
          break;
        }
        setAnswer({ ...answered, text: come });
      }
      setAnswer({ ...answered, text: come, over: true });
    } catch (why) {
      if (over.signal.aborted) setAnswer((before) => before && { ...before, over: true });
      else setProblem(why instanceof ApiProblem ? why : new ApiProblem(0, "OFFLINE", "The answer was cut off."));
    } finally {
      if (running.current === over) setBusy(false);
    }
  };

  const local = operation.access?.locally ?? "none";
  return (
    <form className="try" onSubmit={(event) => void send(event)} aria-label={`Try ${operation.method} ${operation.path}`}>
      {parameters.length > 0 && (
        <div className="try-fields">
          {parameters.map(({ name, in: where, required }) => (
            <Field key={name} label={`${name}${required ? "" : " (optional)"}`} className="mono" required={where === "path"} value={values[name] ?? ""} onChange={(event) => setValues({ ...values, [name]: event.target.value })} />
          ))}
        </div>
      )}
      {operation.body && <TextArea label="Body" rows={Math.min(10, body.split("\n").length + 1)} value={body} problem={wrong} onChange={(event) => setBody(event.target.value)} />}
      <div className="row">
        <Button kind="primary" type="submit" busy={busy && !operation.isStream} disabled={wrong !== undefined || missing.length > 0}>
          Send
        </Button>
        {operation.isStream && busy && <Button onClick={() => running.current?.abort()}>Stop</Button>}
        <CopyButton label="Copy as curl" text={snippet("curl", { kind: operation.isStream ? "listen" : "call", method: operation.method, origin: location.origin, target, signedIn: Boolean(token), ...(text === undefined ? {} : { body: text }) })} />
        {!token && local !== "none" && local !== "optional" && (
          <p className="note">
            It takes a user: <button type="button" className="as-link" onClick={ask}>sign in</button>.
          </p>
        )}
      </div>
      <div className="try-answer">
        {problem && (
          <p className="note bad" role="alert">
            {problem.detail}
          </p>
        )}
        {answer && (
          <>
            <p className="try-head" role="status">
              <Badge tone={answer.status < 400 ? "live" : "bad"}>{answer.status}</Badge>
              <span className="mono small quiet">{answer.type || "no body"}</span>
              <span className="small quiet">{Math.round(answer.took)} ms</span>
              {operation.isStream && <span className="small quiet">{answer.over ? "ended" : "open"}</span>}
            </p>
            {answer.text && <Json text={answer.text} newest={operation.isStream} />}
          </>
        )}
      </div>
    </form>
  );
}
