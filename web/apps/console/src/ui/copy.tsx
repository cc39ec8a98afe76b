import { useEffect, useState } from "react";
import { Button } from "./button.js";

/** Copies `text`, and says so for a moment. */
export function CopyButton({ text, label = "Copy" }: { text: string; label?: string }) {
  const [state, setState] = useState<"" | "copied" | "failed">("");
  useEffect(() => {
    if (!state) return;
    const timer = setTimeout(() => setState(""), 1600);
    return () => clearTimeout(timer);
  }, [state]);
  const copy = () => {
    // Only a secure context has a clipboard; a server on another machine's plain HTTP is none.
    if (navigator.clipboard) navigator.clipboard.writeText(text).then(() => setState("copied"), () => setState("failed"));
    else setState("failed");
  };
  return (
    <>
      <Button small onClick={copy}>
        {state === "copied" ? "Copied" : state === "failed" ? "Select it by hand" : label}
      </Button>
      <span role="status" className="visually-hidden">
        {state === "copied" ? "Copied" : ""}
      </span>
    </>
  );
}
