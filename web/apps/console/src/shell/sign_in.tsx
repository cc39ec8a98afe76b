// The dialog that asks for a token.
import { useEffect, useRef, useState, type FormEvent } from "react";
import { testToken, useSession } from "../api/session.js";
import { Button } from "../ui/button.js";
import { Field } from "../ui/field.js";

/** The form itself, for pages that want nothing else before somebody is there. */
export function SignInForm() {
  const { signIn, problem } = useSession();
  const [token, setToken] = useState("");
  const [busy, setBusy] = useState(false);
  const enter = (with_: string) => {
    setBusy(true);
    signIn(with_.trim())
      .catch(() => {})
      .finally(() => setBusy(false));
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (token.trim()) enter(token);
  };
  return (
    <form onSubmit={submit} className="sign-in">
      <Field
        label="Token"
        type="password"
        value={token}
        onChange={(event) => setToken(event.target.value)}
        placeholder="JSON Web Token"
        problem={problem && !problem.offline ? `${problem.detail} (${problem.code})` : problem?.detail}
        hint="It stays in this tab and goes only to this server."
      />
      <div className="sign-in-actions">
        <Button kind="primary" type="submit" busy={busy} disabled={!token.trim()}>
          Sign in
        </Button>
        <Button onClick={() => enter(testToken)} disabled={busy}>
          Use the test token
        </Button>
      </div>
      <p className="quiet small">The test token is user test123 with the role admin. A server without keys believes it on the machine that it runs on; others refuse it.</p>
    </form>
  );
}

export function SignIn() {
  const { asking, endAsking } = useSession();
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    if (asking) dialog.current?.showModal();
    else dialog.current?.close();
  }, [asking]);
  return (
    <dialog ref={dialog} className="dialog" aria-labelledby="sign-in-title" onClose={endAsking}>
      {asking && (
        <>
          <header className="dialog-head">
            <h2 id="sign-in-title">Sign in</h2>
            <Button kind="ghost" onClick={endAsking} aria-label="Close">
              ✕
            </Button>
          </header>
          <SignInForm />
        </>
      )}
    </dialog>
  );
}
