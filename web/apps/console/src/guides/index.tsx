// `/guides`: the project's texts, to read and to search in.
import { useEffect, useState } from "react";
import { groups, loads } from "virtual:guides";
import type { Guide, Section } from "../../build/markdown.js";
import { Link, useHash, usePath, useTitle } from "../router.js";
import { Empty, ErrorState, Field, Loading } from "../ui/index.js";
import { Pieces } from "./pieces.js";
import { search } from "./search.js";
import "./guides.css";

const start = "guide/getting-started";

/** As the address means it; what is no encoding stands for itself. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function useGuide(name: string) {
  const [told, setTold] = useState<{ name: string; guide?: Omit<Guide, "name">; problem?: unknown }>();
  const [round, setRound] = useState(0);
  useEffect(() => {
    let current = true;
    if (!Object.hasOwn(loads, name)) return;
    loads[name]!().then(
      ({ guide }) => current && setTold({ name, guide }),
      (problem: unknown) => current && setTold({ name, problem }),
    );
    return () => void (current = false);
  }, [name, round]);
  return { ...(told?.name === name ? told : undefined), retry: () => setRound((n) => n + 1) };
}

function Found({ wanted, done }: { wanted: string; done: () => void }) {
  const [texts, setTexts] = useState<Section[]>();
  const [problem, setProblem] = useState<unknown>();
  const [round, setRound] = useState(0);
  useEffect(() => {
    setProblem(undefined);
    import("virtual:guide-texts").then((module) => setTexts(module.texts), setProblem);
  }, [round]);
  if (problem) return <ErrorState title="The texts did not load" problem={problem} retry={() => setRound((n) => n + 1)} />;
  if (!texts) return <Loading what="the texts" />;
  const hits = search(texts, wanted);
  return (
    <div className="found">
      <h1 className="visually-hidden">Guides: search</h1>
      <p className="quiet small" role="status">
        {hits.length === 0 ? "Nothing found" : `${hits.length} ${hits.length === 1 ? "place" : "places"}`}
      </p>
      {hits.length === 0 && <Empty title="No text has all of these words">Try fewer, or their beginning.</Empty>}
      <ol>
        {hits.map(({ section, before, word, after }, n) => (
          <li key={n}>
            <Link to={`/guides/${section.guide}${section.id ? `#${section.id}` : ""}`} onClick={done}>
              {section.title}
            </Link>
            <span className="found-where">{section.guide}</span>
            <p>
              {before}
              <mark>{word}</mark>
              {after}
            </p>
          </li>
        ))}
      </ol>
    </div>
  );
}

function Page({ name }: { name: string }) {
  const { guide, problem, retry } = useGuide(name);
  const hash = useHash();
  useTitle(guide?.title ?? "Guides");
  useEffect(() => {
    if (guide && hash) document.getElementById(decoded(hash))?.scrollIntoView();
  }, [guide, hash]);
  if (!guide)
    return (
      <div>
        <h1 className="visually-hidden">Guides</h1>
        {!Object.hasOwn(loads, name) ? (
          <Empty title="There is no such guide" action={<Link to="/guides">All guides</Link>} />
        ) : problem ? (
          <ErrorState title="The guide did not load" problem={problem} retry={retry} />
        ) : (
          <Loading what="the guide" />
        )}
      </div>
    );
  const sections = guide.sections.filter(({ depth }) => depth === 2);
  return (
    <>
      <article className="guide">
        <Pieces of={guide.body} />
      </article>
      {sections.length > 1 && (
        <nav className="guide-sections" aria-label="On this page">
          <p>On this page</p>
          <ul>
            {sections.map(({ id, title }) => (
              <li key={id}>
                <a href={`#${id}`}>{title}</a>
              </li>
            ))}
          </ul>
        </nav>
      )}
    </>
  );
}

export function GuidesPage() {
  const path = usePath();
  const name = decoded(path.replace(/^\/guides\/?/, "").replace(/\/$/, "")) || start;
  const [wanted, setWanted] = useState("");
  const [open, setOpen] = useState(false);
  useEffect(() => setOpen(false), [name]);
  return (
    <div className="page guides">
      <aside className="guide-list" data-open={open || undefined}>
        <Field label="Search the guides" quietLabel type="search" placeholder="Search the guides" value={wanted} onChange={(event) => setWanted(event.target.value)} />
        <button type="button" className="guide-toggle" aria-expanded={open} onClick={() => setOpen(!open)}>
          All guides
        </button>
        <nav aria-label="Guides">
          {groups.map(({ title, guides }) => (
            <section key={title}>
              <h2>{title}</h2>
              <ul>
                {guides.map((one) => (
                  <li key={one.name}>
                    <Link to={`/guides/${one.name}`} aria-current={one.name === name ? "page" : undefined}>
                      {one.title}
                    </Link>
                  </li>
                ))}
              </ul>
            </section>
          ))}
        </nav>
      </aside>
      {wanted.trim().length > 1 ? <Found wanted={wanted} done={() => setWanted("")} /> : <Page name={name} />}
    </div>
  );
}
