// A page on the server's own origin in which a document's snippet runs.
import type { Browser, Page } from "playwright-core";
import { until } from "./server.js";

/** Opens a page of `origin`, runs `snippet` there, and keeps what it says with `console.log`. */
export async function runSnippet(
  browser: Browser,
  origin: string,
  snippet: string,
  path = "/health",
): Promise<{ page: Page; said: string[]; says(text: string): Promise<string> }> {
  const page = await browser.newPage();
  const said: string[] = [];
  page.on("console", (message) => {
    void Promise.all(message.args().map((value) => value.jsonValue())).then(
      (values) => said.push(values.map((value) => (typeof value === "string" ? value : JSON.stringify(value))).join(" ")),
      () => {}, // the page was closed meanwhile
    );
  });
  page.on("pageerror", (problem) => said.push(`error: ${problem.message}`));
  await page.goto(`${origin}${path}`);
  await page.evaluate((text) => {
    const script = document.createElement("script");
    script.textContent = text;
    document.documentElement.append(script);
  }, snippet);
  return {
    page,
    said,
    says: (text) => until(`the page says ${text} (it has said ${JSON.stringify(said)})`, () => said.find((line) => line.includes(text))),
  };
}
