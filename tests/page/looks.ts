/** What may be seen of a page. */
import assert from "node:assert/strict";
import axe from "axe-core";
import type { Page } from "playwright-core";
import type { Server } from "../serve/server.ts";
import type { Window } from "./browser.ts";

/** Nothing was complained of, and nobody else was asked for anything. */
export function nothingWrong({ complaints, hosts }: Window, server: Server): void {
  assert.deepEqual(complaints, []);
  assert.deepEqual([...hosts], [server.host]);
}

/** What axe-core finds; evaluated by the debugger, as the page's own policy lets no foreign script in. */
export async function faultsOf(page: Page): Promise<unknown[]> {
  await page.evaluate(axe.source);
  const { violations } = await page.evaluate(() =>
    (globalThis as unknown as { axe: { run(): Promise<{ violations: { id: string; nodes: { html: string }[] }[] }> } })
      .axe.run()
  );
  return violations.map(({ id, nodes }) => [id, ...nodes.map(({ html }) => html)]);
}

/** How wide the page is, pixels. */
export const width = (page: Page): Promise<number> =>
  page.evaluate(() =>
    (globalThis as unknown as { document: { documentElement: { scrollWidth: number } } }).document.documentElement
      .scrollWidth
  );
/** What was copied last. */
export const copied = (page: Page): Promise<string> =>
  page.evaluate(() => (navigator as unknown as { clipboard: { readText(): Promise<string> } }).clipboard.readText());
/** What has the focus: its id, or its text. */
export const focused = (page: Page): Promise<string> =>
  page.evaluate(() => {
    const { activeElement } =
      (globalThis as unknown as { document: { activeElement: { id: string; textContent: string } } }).document;
    return activeElement.id || activeElement.textContent;
  });
