// Data of strangers, readable: JSON with its parts told apart, and never more of it than a reader can take in.
import { useMemo, type ReactNode } from "react";

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

/** Pretty if it is JSON, else as it is. Numbers and names stay in the sender's own spelling only in what is not pretty. */
export function Json({ text, pretty = true }: { text: string; pretty?: boolean }) {
  const shown = useMemo(() => {
    let all = text;
    let isJson = true;
    try {
      const value: unknown = JSON.parse(text);
      if (pretty) all = JSON.stringify(value, null, 2);
    } catch {
      isJson = false;
    }
    const cut = all.length > most ? `${all.slice(0, most)}\n… ${all.length - most} characters more` : all;
    return isJson && cut === all ? coloured(cut) : cut;
  }, [text, pretty]);
  return <pre className="json">{shown}</pre>;
}
