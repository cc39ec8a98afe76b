// The dialog that asks for a token.
import { useEffect, useRef, useState, type FormEvent } from "react";
import { testToken, useSession } from "../api/session.js";
import { Button } from "../ui/button.js";
import { Checkbox, Field } from "../ui/field.js";

/** The form itself, for pages that want nothing else before somebody is there. */
export function SignInForm() {
  const { signIn, problem } = useSession();
  const [token, setToken] = useState("");
  const [user, setUser] = useState("test123");
  const [admin, setAdmin] = useState(true);
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
      </div>
      <div className="sign-in-test">
        <p className="quiet small">On your own machine, while the server has no key, a test token will do. It proves nothing, and other servers refuse it.</p>
        <div className="sign-in-actions">
          <Field label="Test user" quietLabel value={user} onChange={(event) => setUser(event.target.value.replace(/[:\s]/g, ""))} />
          <Checkbox label="admin" checked={admin} onChange={(event) => setAdmin(event.target.checked)} />
        </div>
        <div className="sign-in-actions">
          <Button onClick={() => enter(testToken(user, admin))} disabled={busy || !user}>
            Use the test token
          </Button>
        </div>
      </div>
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
