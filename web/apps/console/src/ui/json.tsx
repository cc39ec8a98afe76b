// Data of strangers, readable: JSON with its parts told apart, and never more of it than a reader can take in.
import { useMemo, type ReactNode } from "react";
import { whole } from "./figures.js";
import { isJson, pretty as laidOut } from "./json_text.js";

const token = /("(?:\\.|[^"\\])*")(\s*:)?|\b(true|false|null)\b|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;

function coloured(text: string): ReactNode[] {
  const parts: ReactNode[] = [];
  let from = 0;
  for (const found of text.matchAll(token)) {
    if (found.index > from) parts.push(text.slice(from, found.index));
    const kind = found[2] !== undefined ? "json-key" : found[1] !== undefined ? "json-text" : found[3] !== undefined ? "json-word" : "json-number";
    parts.push(
      <span key={found.index} className={kind}>
        {found[1] ?? found[0]}
      </span>,
    );
    if (found[2] !== undefined) parts.push(found[2]);
    from = found.index + found[0].length;
  }
  parts.push(text.slice(from));
  return parts;
}

const most = 6000;

/** Laid out if it is JSON, else as it is; numbers and names stay in their sender's own spelling. `newest`: of a long text its end. */
export function Json({ text, newest = false }: { text: string; newest?: boolean }) {
  const shown = useMemo(() => {
    const json = isJson(text);
    const all = json ? laidOut(text) : text;
    if (all.length <= most) return json ? coloured(all) : all;
    const more = `… ${whole(all.length - most)} characters more`;
    return newest ? `${more}\n${all.slice(-most)}` : `${all.slice(0, most)}\n${more}`;
  }, [text, newest]);
  return <pre className="json">{shown}</pre>;
}
