// A token that proves something: signed by the server's own key, where it has one.
import { useState, type FormEvent } from "react";
import { ApiProblem } from "../api/client.js";
import { useSession } from "../api/session.js";
import { Button, Field } from "../ui/index.js";

export function Mint() {
  const { call, signIn, who } = useSession();
  const [user, setUser] = useState(who?.userId ?? "");
  const [problem, setProblem] = useState<string>();
  const [busy, setBusy] = useState(false);
  const mint = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    try {
      const { token } = await call<{ token: string }>("/auth/token", { body: { userId: user, roles: who?.roles ?? [] } });
      await signIn(token);
    } catch (why) {
      setProblem(why instanceof ApiProblem ? `${why.detail} (${why.code})` : String(why));
    } finally {
      setBusy(false);
    }
  };
  return (
    <div className="note-box">
      <p className="small">A development token proves nothing, and this stream wants proof: a token that the server's key has signed.</p>
      <div className="mint">
        <Field label="Mint one for" value={user} onChange={(event) => setUser(event.target.value)} problem={problem} onKeyDown={(event) => event.key === "Enter" && void mint(event)} />
        <Button onClick={(event) => void mint(event)} busy={busy} disabled={!user}>
          Mint
        </Button>
      </div>
      {problem && (
        <p className="small quiet">
          Start the server with a key, such as <code>JWT_SECRET=… carillon serve</code>; then sign in with a token of it.
        </p>
      )}
    </div>
  );
}
