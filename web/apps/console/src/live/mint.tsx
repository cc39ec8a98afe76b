// A token that proves something: signed by the server's own key, where it has one.
import { useState, type FormEvent } from "react";
import { ApiProblem } from "../api/client.js";
import { useSession } from "../api/session.js";
import { Button, Field } from "../ui/index.js";

/** `proof`: the stream wants a signed token, and the caller's is none. Else it is for an admin who wants to be somebody else. */
export function Mint({ proof }: { proof: boolean }) {
  const { call, signIn, who } = useSession();
  const [user, setUser] = useState(who?.userId ?? "");
  const [problem, setProblem] = useState<string>();
  const [busy, setBusy] = useState(false);
  const mint = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    try {
      const { token } = await call<{ token: string }>("/auth/token", { body: { userId: user, roles: user === who?.userId ? who.roles : ["user"] } });
      await signIn(token);
    } catch (why) {
      setProblem(why instanceof ApiProblem ? `${why.detail} (${why.code})` : String(why));
    } finally {
      setBusy(false);
    }
  };
  const what = proof
    ? "A development token proves nothing, and this stream wants proof: a token that the server's key has signed."
    : "As an admin you may mint a token for anybody, and go on as that user.";
  return (
    <div className={proof ? "note-box" : "note-box plain"}>
      <p className="small">{what}</p>
      <div className="mint">
        <Field label="Mint one for" value={user} onChange={(event) => setUser(event.target.value)} problem={problem} onKeyDown={(event) => event.key === "Enter" && void mint(event)} />
        <Button onClick={(event) => void mint(event)} busy={busy} disabled={!user}>
          Mint
        </Button>
      </div>
      {problem && proof && (
        <p className="small quiet">
          Start the server with a key, such as <code>JWT_SECRET=… carillon serve</code>; then sign in with a token of it.
        </p>
      )}
    </div>
  );
}
