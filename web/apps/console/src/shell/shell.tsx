// What stands around every page: name, ways, who is there, and whether the server answers.
import { useEffect, useState, type ReactNode } from "react";
import { useReachable, useSession } from "../api/session.js";
import { Link, usePath } from "../router.js";
import { Button } from "../ui/button.js";
import { SignIn } from "./sign_in.js";
import { switchTheme, useDark } from "./theme.js";

const ways = [
  ["/", "Live"],
  ["/guides", "Guides"],
  ["/reference", "Reference"],
  ["/home", "Demo"],
  ["/console", "Console"],
] as const;

function Mark() {
  return (
    <svg viewBox="0 0 24 24" width="22" height="22" aria-hidden="true" fill="none" stroke="currentColor" strokeWidth="1.8" strokeLinecap="round" strokeLinejoin="round">
      <path d="M12 3.500c-3.400 0-5.300 2.400-5.300 5.700 0 3.900-1.300 5.800-2.900 7.300h16.400c-1.600-1.500-2.900-3.400-2.900-7.300 0-3.300-1.900-5.700-5.300-5.700z" />
      <path d="M9.800 20.200h4.400" />
    </svg>
  );
}

function ThemeButton() {
  const dark = useDark();
  return (
    <Button kind="ghost" className="icon-button" onClick={switchTheme} aria-label={dark ? "Light colours" : "Dark colours"}>
      <svg viewBox="0 0 20 20" width="20" height="20" aria-hidden="true">
        <circle cx="10" cy="10" r="7.500" fill="none" stroke="currentColor" strokeWidth="1.600" />
        <path d="M10 2.500a7.500 7.500 0 0 1 0 15z" fill="currentColor" />
      </svg>
    </Button>
  );
}

function Who() {
  const { state, who, ask, signOut } = useSession();
  if (state === "anonymous") return <Button onClick={ask}>Sign in</Button>;
  return (
    <div className="who">
      <span className="who-name" title={who ? `roles: ${who.roles.join(", ") || "none"}` : undefined}>
        {who?.userId ?? "…"}
      </span>
      <Button kind="ghost" onClick={signOut}>
        Sign out
      </Button>
    </div>
  );
}

/** In production the server answers nothing but the console. Whoever came in by another page knows that it has them. */
function useDemonstration(): boolean {
  const [there, setThere] = useState(true);
  useEffect(() => {
    if (!location.pathname.startsWith("/console")) return;
    fetch("/home", { method: "HEAD" }).then(
      (answer) => setThere(answer.status !== 404),
      () => {},
    );
  }, []);
  return there;
}

export function Shell({ children }: { children: ReactNode }) {
  const path = usePath();
  const reachable = useReachable();
  const hasDemonstration = useDemonstration();
  const isHere = (to: string) => (to === "/" ? path === "/" : path === to || path.startsWith(`${to}/`));
  return (
    <>
      <a className="skip" href="#main">
        To the content
      </a>
      <header className="top">
        <div className="top-row">
          <Link to={hasDemonstration ? "/" : "/console"} className="brand">
            <Mark />
            Carillon
          </Link>
          <nav aria-label="Pages" className="ways">
            {ways.filter(([to]) => hasDemonstration || to === "/console").map(([to, name]) => (
              <Link key={to} to={to} aria-current={isHere(to) ? "page" : undefined}>
                {name}
              </Link>
            ))}
          </nav>
          <div className="top-end">
            <ThemeButton />
            <Who />
          </div>
        </div>
        <div role="status" className="reach">
          {!reachable && <p>The server does not answer. Everything here goes on by itself when it is back.</p>}
        </div>
      </header>
      <main id="main" tabIndex={-1}>
        {children}
      </main>
      <footer className="foot">
        <p>Carillon keeps its pages in its own binary: nothing here comes from elsewhere.</p>
        <ul>
          <li>
            <a href="/openapi.json">OpenAPI</a>
          </li>
          <li>
            <a href="/asyncapi.json">AsyncAPI</a>
          </li>
          <li>
            <a href={document.querySelector<HTMLLinkElement>("link[rel=license]")?.href ?? "/"}>Licences</a>
          </li>
        </ul>
      </footer>
      <SignIn />
    </>
  );
}
