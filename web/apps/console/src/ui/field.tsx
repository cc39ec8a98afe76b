import { useId, type InputHTMLAttributes, type ReactNode, type SelectHTMLAttributes, type TextareaHTMLAttributes } from "react";

interface Around {
  label: ReactNode;
  /** Shown below, and read with the field. */
  hint?: ReactNode;
  problem?: string | undefined;
  /** The label is only read aloud. */
  quietLabel?: boolean;
}

function useAround({ hint, problem }: Around) {
  const id = useId();
  const note = problem || hint ? `${id}-note` : undefined;
  return { id, note, aria: { id, "aria-describedby": note, "aria-invalid": problem ? true : undefined } as const };
}

function Frame({ around, id, note, children }: { around: Around; id: string; note: string | undefined; children: ReactNode }) {
  return (
    <div className="field">
      <label htmlFor={id} className={around.quietLabel ? "visually-hidden" : "field-label"}>
        {around.label}
      </label>
      {children}
      {note && (
        <p id={note} className={around.problem ? "field-note bad" : "field-note"} role={around.problem ? "alert" : undefined}>
          {around.problem ?? around.hint}
        </p>
      )}
    </div>
  );
}

export function Field({ label, hint, problem, quietLabel, className = "", ...input }: Around & InputHTMLAttributes<HTMLInputElement>) {
  const around = { label, hint, problem, quietLabel: quietLabel ?? false };
  const { id, note, aria } = useAround(around);
  return (
    <Frame around={around} id={id} note={note}>
      <input className={`input ${className}`} autoComplete="off" spellCheck={false} {...aria} {...input} />
    </Frame>
  );
}

export function TextArea({ label, hint, problem, quietLabel, className = "", ...input }: Around & TextareaHTMLAttributes<HTMLTextAreaElement>) {
  const around = { label, hint, problem, quietLabel: quietLabel ?? false };
  const { id, note, aria } = useAround(around);
  return (
    <Frame around={around} id={id} note={note}>
      <textarea className={`input area ${className}`} autoComplete="off" spellCheck={false} {...aria} {...input} />
    </Frame>
  );
}

export function Select({ label, hint, problem, quietLabel, className = "", children, ...input }: Around & SelectHTMLAttributes<HTMLSelectElement>) {
  const around = { label, hint, problem, quietLabel: quietLabel ?? false };
  const { id, note, aria } = useAround(around);
  return (
    <Frame around={around} id={id} note={note}>
      <select className={`input select ${className}`} {...aria} {...input}>
        {children}
      </select>
    </Frame>
  );
}

export function Checkbox({ label, ...input }: { label: ReactNode } & InputHTMLAttributes<HTMLInputElement>) {
  return (
    <label className="check">
      <input type="checkbox" {...input} />
      <span>{label}</span>
    </label>
  );
}
