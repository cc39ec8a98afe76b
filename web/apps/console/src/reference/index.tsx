// `/reference`: every route and stream, from what the server says of itself, each to be tried.
import { useDeferredValue, useEffect, useMemo, useState } from "react";
import { useMounts } from "../api/mounts.js";
import { useResource } from "../api/resource.js";
import { navigate, useHash, useTitle } from "../router.js";
import { Empty, ErrorState, Field, Loading, Offline } from "../ui/index.js";
import { useReachable } from "../api/session.js";
import { accessOf, grouped, type AsyncApi, type OpenApi, type Operation, type Schema } from "./document.js";
import { TryIt } from "./try_it.js";
import "./reference.css";

/** What stands between backquotes is code. */
function Words({ children }: { children: string | undefined }) {
  return <>{(children ?? "").split("`").map((part, n) => (n % 2 ? <code key={n}>{part}</code> : part))}</>;
}

const typeOf = (schema: Schema | undefined): string => (schema?.type === "array" ? `${typeOf(schema.items)}[]` : (schema?.type ?? "any"));

function Fields({ title, rows }: { title: string; rows: { name: string; type: string; needed: boolean; meaning: string | undefined; where?: string }[] }) {
  if (rows.length === 0) return null;
  return (
    <section className="fields">
      <h4>{title}</h4>
      <dl>
        {rows.map(({ name, type, needed, meaning, where }) => (
          <div key={`${where}${name}`}>
            <dt>
              <code>{name}</code>
              {needed && <span className="needed">needed</span>}
            </dt>
            <dd>
              <span className="field-type">
                {type}
                {where && where !== "query" ? `, in the ${where}` : ""}
              </span>{" "}
              <Words>{meaning}</Words>
            </dd>
          </div>
        ))}
      </dl>
    </section>
  );
}

const fieldsOf = (schema: Schema) => Object.entries(schema.properties ?? {}).map(([name, one]) => ({ name, type: typeOf(one), needed: schema.required?.includes(name) ?? false, meaning: one.description }));

function Details({ operation }: { operation: Operation }) {
  const { access } = operation;
  const told = operation.answers.filter(({ types, meaning }) => types.length > 0 || meaning);
  const refusals = operation.answers.filter((answer) => !told.includes(answer));
  return (
    <div className="operation-body">
      <div className="operation-facts">
        {access && (
          <p className="small quiet">
            {access.locally === access.otherwise ? `For ${accessOf(access.otherwise)}.` : `On a machine without keys for ${accessOf(access.locally)}, otherwise for ${accessOf(access.otherwise)}.`}
          </p>
        )}
        <Fields title="Parameters" rows={operation.parameters.map(({ name, in: where, required, description, schema }) => ({ name, type: typeOf(schema), needed: required ?? false, meaning: description, where }))} />
        {operation.body && <Fields title={`Body${operation.body.needed ? "" : ", if any"}`} rows={fieldsOf(operation.body.schema)} />}
        <section className="fields">
          <h4>Answers</h4>
          <dl>
            {told.map(({ status, types, meaning }) => (
              <div key={status}>
                <dt>
                  <code>{status}</code>
                </dt>
                <dd>
                  {types.length > 0 && <span className="field-type">{types.join(", ")}</span>} <Words>{meaning}</Words>
                </dd>
              </div>
            ))}
            {refusals.length > 0 && (
              <div>
                <dt>otherwise</dt>
                <dd className="refusals">
                  {refusals.map(({ status }) => (
                    <code key={status}>{status}</code>
                  ))}
                  <span className="field-type">each a problem document with its reason</span>
                </dd>
              </div>
            )}
          </dl>
        </section>
        {operation.events.length > 0 && (
          <section className="fields">
            <h4>Events</h4>
            <dl>
              {operation.events.map(({ name, title, summary, payload }) => (
                <div key={name}>
                  <dt>
                    <code>{title ?? name}</code>
                  </dt>
                  <dd>
                    <Words>{summary}</Words>
                    {payload?.properties && <span className="field-type"> {`{ ${Object.keys(payload.properties).join(", ")} }`}</span>}
                  </dd>
                </div>
              ))}
            </dl>
          </section>
        )}
      </div>
      <TryIt operation={operation} />
    </div>
  );
}

function Row({ operation, open }: { operation: Operation; open: boolean }) {
  useEffect(() => {
    if (open) document.getElementById(operation.id)?.scrollIntoView({ block: "start" });
    // Only where the page begins with it.
  }, []);
  return (
    <li className="operation" id={operation.id}>
      <h3>
        <button type="button" aria-expanded={open} aria-controls={`${operation.id}-body`} onClick={() => navigate(open ? "/reference" : `/reference#${operation.id}`, { replace: true })}>
          <span className={`method ${operation.isStream ? "stream" : ""}`}>{operation.isStream ? "STREAM" : operation.method}</span>
          <span className="operation-path">{operation.path}</span>
          <span className="operation-summary">
            <Words>{operation.summary}</Words>
          </span>
        </button>
      </h3>
      <div id={`${operation.id}-body`} hidden={!open}>
        {open && <Details operation={operation} />}
      </div>
    </li>
  );
}

export function ReferencePage() {
  useTitle("Reference");
  const mounts = useMounts();
  const api = useResource<OpenApi>("/openapi.json");
  const streams = useResource<AsyncApi>("/asyncapi.json");
  const reachable = useReachable();
  const hash = useHash();
  const [wanted, setWanted] = useState("");
  const words = useDeferredValue(wanted).toLowerCase().split(/\s+/).filter(Boolean);
  const groups = useMemo(() => (api.data ? grouped(api.data, streams.data, mounts) : []), [api.data, streams.data, mounts]);
  const shown = groups
    .map(({ title, operations }) => ({
      title,
      operations: operations.filter(({ method, path, summary, isStream }) => {
        const text = `${method} ${path} ${summary} ${isStream ? "stream" : ""}`.toLowerCase();
        return words.every((word) => text.includes(word));
      }),
    }))
    .filter(({ operations }) => operations.length > 0);
  return (
    <div className="page reference">
      <header className="reference-head">
        <div>
          <h1>Reference</h1>
          <p className="quiet">
            Every route of this server as it describes itself{api.data ? `, version ${api.data.info.version}` : ""}. For tools: <a href="/openapi.json">OpenAPI</a> and{" "}
            <a href="/asyncapi.json">AsyncAPI</a>.
          </p>
        </div>
        <Field label="Find a route" quietLabel type="search" placeholder="Find a route" value={wanted} onChange={(event) => setWanted(event.target.value)} />
      </header>
      {api.loading && (reachable ? <Loading what="the reference" /> : <Offline />)}
      {api.problem && !api.data && <ErrorState title="The reference did not load" problem={api.problem} retry={api.reload} />}
      {api.data && shown.length === 0 && <Empty title="No route matches">Look for a part of its path, or a word of what it does.</Empty>}
      {shown.map(({ title, operations }) => (
        <section key={title} className="operations" aria-label={title}>
          <h2>{title}</h2>
          <ul>
            {operations.map((operation) => (
              <Row key={operation.id} operation={operation} open={hash === operation.id} />
            ))}
          </ul>
        </section>
      ))}
    </div>
  );
}
