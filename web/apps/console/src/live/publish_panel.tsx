import { useState, type FormEvent } from "react";
import { type ApiProblem, problemOf } from "../api/client.js";
import type { Mounts } from "../api/mounts.js";
import { useSession } from "../api/session.js";
import { Badge, Button, Field, Json, Panel, Select, TextArea } from "../ui/index.js";
import { compact } from "../ui/json_text.js";
import { bodyOf, placed, target, valuesOf, type System } from "./systems.js";
import { TakeAlong } from "./take_along.js";

export function PublishPanel({ system, mounts }: { system: System; mounts: Mounts }) {
  const { token, who, ask, call } = useSession();
  const me = who?.userId ?? "test123";
  const [callId, setCallId] = useState(system.calls[0]!.id);
  const choice = system.calls.find(({ id }) => id === callId) ?? system.calls[0]!;
  const [values, setValues] = useState<Record<string, string>>({});
  const [written, setWritten] = useState<Record<string, string>>({});
  const [answer, setAnswer] = useState<{ text: string } | { problem: ApiProblem }>();
  const [busy, setBusy] = useState(false);
  const body = written[choice.id] ?? bodyOf(choice, me);
  let wrong: string | undefined;
  try {
    JSON.parse(body);
  } catch (why) {
    wrong = why instanceof Error ? why.message : String(why);
  }
  const at = target(placed(system, choice.path, mounts), choice.parameters, values);
  const send = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    try {
      setAnswer({ text: JSON.stringify(await call(at, { text: compact(body) })) });
    } catch (why) {
      setAnswer({ problem: problemOf(why) });
    } finally {
      setBusy(false);
    }
  };
  const wantsUser = choice.needs !== "nobody" && !token;
  const given = valuesOf(choice.parameters, values);
  const missing = choice.parameters.some(({ name, in: where }) => where === "path" && !given[name]);
  return (
    <Panel title="Make it ring">
      <form className="stack" onSubmit={(event) => void send(event)}>
        <Select
          label="Call"
          value={choice.id}
          onChange={(event) => {
            setCallId(event.target.value);
            setAnswer(undefined);
          }}
        >
          {system.calls.map((one) => (
            <option key={one.id} value={one.id}>
              {one.name}
            </option>
          ))}
        </Select>
        {choice.parameters.map((parameter) => (
          <Field
            key={parameter.name}
            label={parameter.label}
            value={values[parameter.name] ?? parameter.value}
            onChange={(event) => setValues({ ...values, [parameter.name]: event.target.value })}
            className="mono"
          />
        ))}
        <TextArea label="Body" rows={Math.min(12, body.split("\n").length)} value={body} problem={wrong} onChange={(event) => setWritten({ ...written, [choice.id]: event.target.value })} />
        <p className="target mono">
          <span className="verb">POST</span> {at}
        </p>
        {wantsUser && (
          <p className="note">
            Somebody has to say this. <button type="button" className="as-link" onClick={ask}>Sign in</button> first.
          </p>
        )}
        <div className="row">
          <Button kind="primary" type="submit" busy={busy} disabled={wantsUser || wrong !== undefined || missing}>
            Send
          </Button>
        </div>
        <div role="status">
          {answer &&
            ("problem" in answer ? (
              <p className="note bad">
                {answer.problem.detail} <code>{answer.problem.code}</code>
              </p>
            ) : (
              <div className="answer">
                <Badge tone="live">accepted</Badge>
                <Json text={answer.text} />
              </div>
            ))}
        </div>
      </form>
      <TakeAlong label="Send from elsewhere" request={{ kind: "call", origin: location.origin, target: at, signedIn: Boolean(token), body, cpp: choice.cpp, values: given, me }} />
    </Panel>
  );
}
