import { useEffect, useState, type MouseEvent } from "react";
import { Button } from "./button.js";

/** Without a clipboard: a selection that the browser copies, in the dialog that is open if one is. */
function copiedBySelection(text: string, beside: Element): boolean {
  const area = document.createElement("textarea");
  area.value = text;
  area.className = "visually-hidden";
  beside.after(area);
  area.select();
  try {
    return document.execCommand("copy");
  } catch {
    return false;
  } finally {
    area.remove();
  }
}

/** Copies `text`, and says so for a moment. */
export function CopyButton({ text, label = "Copy" }: { text: string; label?: string }) {
  const [state, setState] = useState<"" | "copied" | "failed">("");
  useEffect(() => {
    if (!state) return;
    const timer = setTimeout(() => setState(""), 1600);
    return () => clearTimeout(timer);
  }, [state]);
  const copy = ({ currentTarget: button }: MouseEvent<HTMLButtonElement>) => {
    const otherwise = () => {
      setState(copiedBySelection(text, button) ? "copied" : "failed");
      button.focus();
    };
    // Only a secure context has a clipboard; a server on another machine's plain HTTP is none.
    if (navigator.clipboard) navigator.clipboard.writeText(text).then(() => setState("copied"), otherwise);
    else otherwise();
  };
  return (
    <>
      <Button small onClick={copy}>
        {state === "copied" ? "Copied" : state === "failed" ? "Select it by hand" : label}
      </Button>
      <span role="status" className="visually-hidden">
        {state === "copied" ? "Copied" : state === "failed" ? "It could not be copied" : ""}
      </span>
    </>
  );
}
