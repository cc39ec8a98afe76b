// Guides at build time: Markdown becomes a small tree of elements that React renders. No markup is made from text in the
// browser, so the policy needs no exception.
import { marked, type Token, type Tokens } from "marked";

/** A text, or an element: its tag, its attributes, what is in it. */
export type Piece = string | [tag: string, attributes: Record<string, string>, ...children: Piece[]];

export interface Guide {
  /** Below `/guides/`, such as `guide/publishing`. */
  name: string;
  title: string;
  body: Piece[];
  /** Its second and third headings. */
  sections: { id: string; title: string; depth: number }[];
}

export interface Section {
  guide: string;
  id: string;
  title: string;
  text: string;
}

const entities: Record<string, string> = { "&amp;": "&", "&lt;": "<", "&gt;": ">", "&quot;": '"', "&#39;": "'", "&nbsp;": " " };
const decoded = (text: string): string => text.replace(/&(?:amp|lt|gt|quot|#39|nbsp);/g, (entity) => entities[entity]!);

export const slug = (text: string): string =>
  text
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, "")
    .trim()
    .replace(/\s/g, "-");

const plain = (tokens: Token[] | undefined): string =>
  (tokens ?? []).map((token) => ("tokens" in token && token.tokens ? plain(token.tokens) : decoded("text" in token ? String(token.text) : ""))).join("");

/** `link` gives the address of a link in the text, or nothing for one that leads out of the guides. */
export function rendered(text: string, link: (href: string) => string | undefined): Omit<Guide, "name"> & { texts: Omit<Section, "guide">[] } {
  const sections: Guide["sections"] = [];
  const texts: Omit<Section, "guide">[] = [];
  let title = "";

  const inline = (tokens: Token[] | undefined): Piece[] => (tokens ?? []).flatMap(inlineOne);
  const inlineOne = (token: Token): Piece[] => {
    switch (token.type) {
      case "strong":
        return [["strong", {}, ...inline(token.tokens)]];
      case "em":
        return [["em", {}, ...inline(token.tokens)]];
      case "del":
        return [["del", {}, ...inline(token.tokens)]];
      case "codespan":
        return [["code", {}, decoded((token as Tokens.Codespan).text)]];
      case "br":
        return [["br", {}]];
      case "link": {
        const href = link((token as Tokens.Link).href);
        return href === undefined ? inline(token.tokens) : [["a", { href }, ...inline(token.tokens)]];
      }
      default:
        return "tokens" in token && token.tokens ? inline(token.tokens) : [decoded("text" in token ? String(token.text) : token.raw)];
    }
  };
  const list = (token: Tokens.List): Piece => [
    token.ordered ? "ol" : "ul",
    {},
    ...token.items.map((item): Piece => ["li", {}, ...item.tokens.flatMap((one) => (one.type === "text" ? inline((one as Tokens.Text).tokens ?? [one]) : blocks([one])))]),
  ];
  const table = (token: Tokens.Table): Piece => [
    "table",
    {},
    ["thead", {}, ["tr", {}, ...token.header.map((cell): Piece => [cell.text ? "th" : "td", cell.text ? { scope: "col" } : {}, ...inline(cell.tokens)])]],
    ["tbody", {}, ...token.rows.map((row): Piece => ["tr", {}, ...row.map((cell): Piece => ["td", {}, ...inline(cell.tokens)])])],
  ];
  const blocks = (tokens: Token[]): Piece[] => tokens.flatMap((token): Piece[] => {
    switch (token.type) {
      case "heading": {
        const { depth, tokens: within } = token as Tokens.Heading;
        const name = plain(within);
        if (depth === 1) {
          title = name;
          texts.push({ id: "", title: name, text: "" });
          return [["h1", {}, ...inline(within)]];
        }
        const id = slug(name);
        sections.push({ id, title: name, depth });
        texts.push({ id, title: name, text: "" });
        return [[`h${depth}`, { id }, ...inline(within)]];
      }
      case "paragraph":
        return [["p", {}, ...inline(token.tokens)]];
      case "code":
        return [["pre", (token as Tokens.Code).lang ? { lang: (token as Tokens.Code).lang! } : {}, (token as Tokens.Code).text]];
      case "list":
        return [list(token as Tokens.List)];
      case "table":
        return [table(token as Tokens.Table)];
      case "blockquote":
        return [["blockquote", {}, ...blocks((token as Tokens.Blockquote).tokens)]];
      case "hr":
        return [["hr", {}]];
      case "space":
        return [];
      case "html":
        return [["pre", { lang: "html" }, token.raw.trim()]];
      default:
        return inlineOne(token);
    }
  });
  const textOf = (piece: Piece): string => (typeof piece === "string" ? piece : piece.slice(2).map((part) => textOf(part as Piece)).join(/^(table|thead|tbody|tr|ul|ol|blockquote)$/.test(piece[0]) ? " " : ""));
  const body: Piece[] = [];
  for (const token of marked.lexer(text)) {
    const made = blocks([token]);
    body.push(...made);
    const at = texts[texts.length - 1];
    if (at && token.type !== "heading") at.text += `${made.map(textOf).join(" ")} `;
  }
  return { title, body, sections, texts };
}
