// Elements of a guide. Only what the build lets through has a place here.
import { Fragment, type ReactNode } from "react";
import type { Piece } from "../../build/markdown.js";
import { Link } from "../router.js";
import { CopyButton } from "../ui/index.js";

const plain = new Set(["h1", "p", "ul", "ol", "li", "strong", "em", "del", "blockquote", "thead", "tbody", "tr", "td", "th"]);

/** Long names break where their parts meet, not within a word. */
const breakable = (text: string, key: number): ReactNode => (
  <Fragment key={key}>
    {text.split(/(?<=[._/])(?=\w)/).map((part, n) => (
      <Fragment key={n}>
        {n > 0 && <wbr />}
        {part}
      </Fragment>
    ))}
  </Fragment>
);

function element(piece: Piece, key: number): ReactNode {
  if (typeof piece === "string") return piece;
  const [tag, attributes, ...within] = piece;
  const children = within.map(element);
  if (tag === "a") {
    const href = attributes.href ?? "";
    if (href.startsWith("/")) return <Link key={key} to={href}>{children}</Link>;
    return <a key={key} href={href} {...(href.startsWith("http") ? { rel: "noreferrer", target: "_blank" } : {})}>{children}</a>;
  }
  if (tag === "pre") {
    const text = String(within[0] ?? "");
    return (
      <div key={key} className="guide-code">
        <pre>{text}</pre>
        <CopyButton text={text} />
      </div>
    );
  }
  if (tag === "table")
    return (
      <div key={key} className="guide-table" role="region" aria-label="Table" tabIndex={0}>
        <table>{children}</table>
      </div>
    );
  if (tag === "code") return <code key={key}>{within.map((child, n) => (typeof child === "string" ? breakable(child, n) : element(child, n)))}</code>;
  if (tag === "br" || tag === "hr") return tag === "br" ? <br key={key} /> : <hr key={key} />;
  if (/^h[2-4]$/.test(tag)) {
    const Heading = tag as "h2" | "h3" | "h4";
    const { id } = attributes;
    return (
      <Heading key={key} id={id}>
        <a href={`#${id}`} className="anchor">
          {children}
        </a>
      </Heading>
    );
  }
  if (tag === "th") return <th key={key} scope="col">{children}</th>;
  if (!plain.has(tag)) return <Fragment key={key}>{children}</Fragment>;
  const Tag = tag as "p";
  return <Tag key={key}>{children}</Tag>;
}

export const Pieces = ({ of }: { of: Piece[] }) => <>{of.map(element)}</>;
