// What the build makes of a guide, and the search over them.
import { expect, test } from "vitest";
import { rendered } from "../build/markdown.js";
import { search } from "../src/guides/search.js";

const link = (href: string) => (href.startsWith("known") ? `/guides/${href}` : undefined);

test("a guide is a tree of elements with the text of strangers as text", () => {
  const { title, body, sections, texts } = rendered(
    "# A `b` & c\n\nText with [a link](known), [another](other) and <b>markup</b>.\n\n## Part *two*\n\n- one\n- **two**\n\n```sh\ncurl '<x>'\n```\n\n| a | |\n|---|---|\n| `1` | 2 |\n",
    link,
  );
  expect(title).toBe("A b & c");
  expect(sections).toEqual([{ id: "part-two", title: "Part two", depth: 2 }]);
  const text = JSON.stringify(body);
  expect(text).toContain('["a",{"href":"/guides/known"},"a link"]');
  expect(text).not.toContain("other\"}");
  expect(text).toContain("<b>");
  expect(text).toContain(`["pre",{"lang":"sh"},"curl '<x>'"]`);
  expect(body.map((piece) => (typeof piece === "string" ? piece : piece[0]))).toEqual(["h1", "p", "h2", "ul", "pre", "table"]);
  expect(texts.map(({ id }) => id)).toEqual(["", "part-two"]);
  expect(texts[1]!.text).toContain("1 2");
});

test("a search wants all words, and puts headings first", () => {
  const texts = [
    { guide: "a", id: "", title: "Other", text: "a cursor here, and a cursor there" },
    { guide: "b", id: "x", title: "The cursor", text: "where a stream begins" },
    { guide: "c", id: "", title: "Streams", text: "no word of it" },
  ];
  expect(search(texts, "cursor").map(({ section }) => section.guide)).toEqual(["b", "a"]);
  expect(search(texts, "cursor begins").map(({ section }) => section.guide)).toEqual(["b"]);
  expect(search(texts, "CURSOR")[1]).toMatchObject({ before: "a ", word: "cursor", after: " here, and a cursor there" });
  expect(search(texts, "  ")).toEqual([]);
  expect(search(texts, "(")).toEqual([]);
});
