/** Takes the pictures of docs/images: deno run scripts/screenshots.ts FOLDER, run by scripts/screenshots. */
import { openWindow, startBrowser } from "../tests/page/browser.ts";
import { logIn } from "../tests/page/log_in.ts";
import { apart } from "../tests/page/specimens.ts";
import { start } from "../tests/serve/server.ts";

const [folder = "docs/images"] = Deno.args;
const PICTURES = [
  { name: "page", width: 1120, height: 720, scheme: "light", hash: "#/check/mem_dirty_track" },
  { name: "page-dark", width: 1120, height: 720, scheme: "dark", hash: "#/" },
  { name: "page-narrow", width: 360, height: 640, scheme: "light", hash: "#/" },
] as const;
const PROCESSES = [
  { name: "page-process", width: 1120, height: 820, scheme: "light" },
  { name: "page-process-narrow", width: 360, height: 640, scheme: "dark" },
] as const;

await Deno.mkdir(folder, { recursive: true });
await using server = await start({ tcp: true, noToken: true });
const browser = await startBrowser();
try {
  for (const { name, width, height, scheme, hash } of PICTURES) {
    await using tab = await openWindow(browser, { viewport: { width, height }, colorScheme: scheme });
    const { page } = tab;
    await logIn(page, server, hash);
    await page.getByText(/^Asked all categories, at/).waitFor();
    await page.waitForLoadState("networkidle");
    await page.screenshot({ path: `${folder}/${name}.png` });
  }
  const words = { tcp: true, noToken: true, words: ["--processes"] };
  await using processes = await start({ ...words, through: apart(["queue-worker", "ledger", "mailer"]) });
  for (const { name, width, height, scheme } of PROCESSES) {
    await using tab = await openWindow(browser, { viewport: { width, height }, colorScheme: scheme });
    const { page } = tab;
    await logIn(page, processes, "#/processes");
    await page.getByRole("link", { name: /queue-worker/ }).click();
    await page.getByText(/^looked at/).waitFor();
    await page.waitForLoadState("networkidle");
    await page.screenshot({ path: `${folder}/${name}.png` });
  }
} finally {
  await browser.close();
}
