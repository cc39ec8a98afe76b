declare module "virtual:guides" {
  import type { Guide } from "../../build/markdown.js";
  export const groups: { title: string; guides: { name: string; title: string }[] }[];
  export const loads: Record<string, () => Promise<{ guide: Omit<Guide, "name"> }>>;
}
declare module "virtual:guide-texts" {
  import type { Section } from "../../build/markdown.js";
  export const texts: Section[];
}
