// Search over all sections: every word must be there; a word in a heading counts more, a whole word more than a beginning.
import type { Section } from "../../build/markdown.js";

export interface Hit {
  section: Section;
  /** A piece of its text around the first word. */
  before: string;
  word: string;
  after: string;
}

export function search(texts: readonly Section[], wanted: string, most = 12): Hit[] {
  const words = wanted.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return [];
  const found: { hit: Hit; score: number }[] = [];
  for (const section of texts) {
    const title = section.title.toLowerCase();
    const text = section.text.toLowerCase();
    let score = 0;
    for (const word of words) {
      const inTitle = title.includes(word);
      const at = text.indexOf(word);
      if (!inTitle && at < 0) {
        score = -1;
        break;
      }
      score += (inTitle ? 10 : 0) + (title === word ? 10 : 0) + (at >= 0 ? 2 : 0) + Math.min(3, text.split(word).length - 1);
    }
    if (score < 0) continue;
    const at = text.indexOf(words[0]!);
    const from = Math.max(0, at - 60);
    found.push({
      score,
      hit:
        at < 0
          ? { section, before: section.text.slice(0, 140), word: "", after: "" }
          : { section, before: (from > 0 ? "…" : "") + section.text.slice(from, at), word: section.text.slice(at, at + words[0]!.length), after: section.text.slice(at + words[0]!.length, at + 110) },
    });
  }
  return found
    .sort((a, b) => b.score - a.score)
    .slice(0, most)
    .map(({ hit }) => hit);
}
