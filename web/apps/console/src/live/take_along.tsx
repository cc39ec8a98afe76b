import { useState } from "react";
import { CopyButton, Tabs } from "../ui/index.js";
import { languages, snippet, type Language, type Request } from "./snippets.js";

/** The same request in another language. */
export function TakeAlong({ label, request }: { label: string; request: Request }) {
  const [language, setLanguage] = useState<Language>("curl");
  const text = snippet(language, request);
  return (
    <Tabs
      label={label}
      chosen={language}
      choose={(id) => setLanguage(id as Language)}
      actions={<CopyButton text={text} />}
      tabs={languages.map((one) => ({ id: one, label: one, content: <pre className="code">{text}</pre> }))}
    />
  );
}
