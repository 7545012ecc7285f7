/** The page of `cready serve` in a real Chromium. */
import assert from "node:assert/strict";
import type { Browser, BrowserContextOptions } from "playwright-core";
import { ROOT, run } from "../cli/binary.ts";
import { kill, probersOf, type Server, start } from "../serve/server.ts";
import { openWindow, startBrowser, type Window } from "./browser.ts";
import { logIn, newCode } from "./log_in.ts";
import { copied, faultsOf, focused, nothingWrong, width } from "./looks.ts";

const DONE = /^Asked all categories, at/;

/** A logged in page whose first check is through. */
async function opened(browser: Browser, server: Server, options: BrowserContextOptions = {}): Promise<Window> {
  const tab = await openWindow(browser, options);
  await logIn(tab.page, server);
  await tab.page.getByText(DONE).waitFor();
  return tab;
}

Deno.test("the page", async (t) => {
  const folder = await Deno.makeTempDir({ prefix: "cready-page-" });
  await Deno.chmod(folder, 0o755);
  const gate = `${folder}/gate`;
  const built = await run([`${ROOT}/scripts/compile`, `${folder}/cready`], {
    env: { ...Deno.env.toObject(), CREADY_ENTRY: `${ROOT}/tests/page/programs/told.ts` },
  });
  assert.equal(built.code, 0, built.stderr);
  const browser = await startBrowser();
  try {
    await using server = await start({
      tcp: true,
      noToken: true,
      program: `${folder}/cready`,
      env: { CREADY_GATE: gate },
      words: ["--limit", "probe=60000"],
    });

    await t.step("a browser logs in with the code that is printed, and not with another", async () => {
      await using tab = await openWindow(browser);
      const { page } = tab;
      await page.goto(`http://${server.host}/`);
      assert.equal(new URL(page.url()).pathname, "/login");
      assert.deepEqual(await faultsOf(page), []);
      const code = await newCode(server);
      await page.getByLabel("One-time code").fill("AAAAA-AAAAA");
      await page.getByRole("button", { name: "Log in" }).click();
      await page.getByRole("alert").waitFor();
      tab.complaints.length = 0; // The browser tells of the 403.
      await page.getByLabel("One-time code").fill(code);
      await page.keyboard.press("Enter");
      await page.getByText(DONE).waitFor();
      assert.equal(new URL(page.url()).search, "");
      nothingWrong(tab, server);
    });

    await t.step("without a login any more the page goes to the login", async () => {
      await using tab = await opened(browser, server);
      await tab.context.clearCookies();
      await tab.page.getByRole("button", { name: "Run again" }).click();
      await tab.page.waitForURL("**/login");
    });

    await t.step("search and filter", async () => {
      await using tab = await opened(browser, server);
      const { page } = tab;
      const rows = page.locator(".category li");
      const all = await rows.count();
      assert.ok(all > 60);
      await page.getByLabel("Search the checks").fill("MADE_UP.sysctl refused");
      assert.deepEqual(await rows.locator("b").allTextContents(), ["userns"]);
      await page.getByText(`1 of ${all} checks shown`).waitFor();
      await page.getByLabel("Search the checks").fill("made up:");
      await page.getByRole("button", { name: /unsupported/ }).click();
      assert.deepEqual(await rows.locator("b").allTextContents(), ["mem_dirty_track"]);
      await page.getByRole("button", { name: /inconclusive/ }).click();
      assert.deepEqual(await rows.locator("b").allTextContents(), ["mem_dirty_track", "uffd"]);
      await page.getByLabel("Search the checks").fill("no check has this");
      await page.getByRole("button", { name: "Show all" }).click();
      assert.equal(await rows.count(), all);
      nothingWrong(tab, server);
    });

    await t.step("a detail has reason, impact, cause, remedy, evidence, and the query to copy", async () => {
      await using tab = await opened(browser, server, { permissions: ["clipboard-read", "clipboard-write"] });
      const { page } = tab;
      await page.getByRole("link", { name: /mem_dirty_track/ }).click();
      const detail = page.getByRole("complementary");
      await detail.getByText(/^asked at/).waitFor();
      const text = await detail.innerText();
      for (
        const part of [
          "unsupported",
          "made up: the bit stayed 0",
          "Without it",
          "CONFIG_MADE_UP is not set",
          "set it",
          "make made-up",
          "kernel option off",
          "look at what is made up",
          "criu check --feature mem_dirty_track",
          "Linux 3.11",
        ]
      ) assert.ok(text.includes(part), `${part} is missing in ${text}`);
      assert.equal(await page.title(), "mem_dirty_track: unsupported - cready");
      await detail.getByRole("button", { name: "Copy command" }).click();
      await detail.getByText("Copied", { exact: true }).waitFor();
      assert.equal(await copied(page), "make made-up");
      await detail.getByText("GraphQL behind this view").click();
      await detail.getByRole("button", { name: "Copy query" }).click();
      await page.waitForFunction("navigator.clipboard.readText().then((text) => text.startsWith('query'))");
      // What was copied is what was sent, and can be asked.
      const query = await copied(page);
      const answer = await page.evaluate(async (query) => {
        const headers = { "content-type": "application/json" };
        return await (await fetch("/graphql", { method: "POST", headers, body: JSON.stringify({ query }) })).json();
      }, query);
      assert.equal(answer.data.feature.finding.verdict, "UNSUPPORTED");
      nothingWrong(tab, server);
    });

    await t.step("run again shows each answer as it comes", async () => {
      await using tab = await opened(browser, server);
      const { page } = tab;
      await Deno.writeTextFile(gate, "");
      try {
        await page.getByRole("button", { name: "Run again" }).click();
        const row = page.getByRole("link", { name: /^\S+ tun / });
        await page.getByText(/^[1-9][0-9]* of [0-9]+ answered$/).waitFor();
        await page.locator(".category li.waits").filter({ has: row }).waitFor();
        // What comes before it was answered, and it was not.
        assert.equal(await page.locator("#row-map_files").locator("xpath=..").getAttribute("class"), null);
        assert.equal(await page.locator("section.outcome").getAttribute("aria-busy"), "true");
      } finally {
        await Deno.remove(gate);
      }
      await page.locator("section.outcome[aria-busy=false]").waitFor();
      assert.equal(await page.locator(".category li.waits").count(), 0);
      nothingWrong(tab, server);
    });

    await t.step("a prober that dies is told, and trying again works", async () => {
      await using tab = await opened(browser, server);
      const { page } = tab;
      await Deno.writeTextFile(gate, "");
      try {
        await page.getByRole("button", { name: "Run again" }).click();
        await page.getByText(/^[1-9][0-9]* of [0-9]+ answered$/).waitFor();
        for (const pid of probersOf(server)) kill(pid, "SIGKILL");
        await page.getByRole("alert").getByRole("button", { name: "Try again" }).waitFor();
        assert.match(await page.getByRole("alert").innerText(), /prober/);
      } finally {
        await Deno.remove(gate);
      }
      await page.getByRole("button", { name: "Try again" }).click();
      await page.getByRole("button", { name: "Try again" }).waitFor({ state: "hidden" });
      await page.locator("section.outcome[aria-busy=false]").waitFor();
    });

    await t.step("by keyboard alone", async () => {
      await using tab = await opened(browser, server);
      const { page } = tab;
      await page.keyboard.press("Tab");
      assert.equal(await focused(page), "Skip to the answers");
      await page.keyboard.press("Enter");
      assert.equal(await focused(page), "main");
      await page.getByLabel("Search the checks").focus();
      await page.keyboard.type("mem_dirty");
      for (let i = 0; i < 20 && await focused(page) !== "row-mem_dirty_track"; i++) await page.keyboard.press("Tab");
      assert.equal(await focused(page), "row-mem_dirty_track");
      await page.keyboard.press("Enter");
      await page.locator("#detail:focus").waitFor();
      await page.keyboard.press("Escape");
      await page.locator("#row-mem_dirty_track:focus").waitFor();
      assert.equal(await page.getByRole("complementary").count(), 0);
      nothingWrong(tab, server);
    });

    for (
      const [name, options] of [
        ["light", { colorScheme: "light" }],
        ["dark", { colorScheme: "dark" }],
        ["360 px wide", { viewport: { width: 360, height: 640 } }],
      ] as const
    ) {
      await t.step(`${name}: axe-core finds nothing, and nothing is wider than the window`, async () => {
        await using tab = await opened(browser, server, { reducedMotion: "reduce", ...options });
        const { page } = tab;
        await page.getByText("GraphQL behind this view").click();
        assert.deepEqual(await faultsOf(page), []);
        assert.ok(await width(page) <= page.viewportSize()!.width);
        for (const id of ["mem_dirty_track", "map_files"]) {
          await page.evaluate((to) => location.hash = to, `#/check/${id}`);
          await page.locator("#detail").getByText(id).waitFor();
          await page.getByText(/^asked at/).waitFor();
          assert.deepEqual(await faultsOf(page), [], id);
          assert.ok(await width(page) <= page.viewportSize()!.width, id);
        }
        const ground = await page.evaluate("getComputedStyle(document.body).backgroundColor");
        assert.equal(ground, name === "dark" ? "rgb(20, 25, 29)" : "rgb(244, 246, 247)");
        nothingWrong(tab, server);
      });
    }

    await t.step("when the server goes away, that is said, and what was known stays", async () => {
      await using tab = await opened(browser, server);
      const { page } = tab;
      await server.stop();
      await page.getByRole("button", { name: "Run again" }).click();
      await page.getByRole("alert").getByText("cready serve does not answer").waitFor();
      assert.match(await page.getByRole("alert").innerText(), /What is shown is from [0-9:]{8}/);
      assert.ok(await page.locator(".category li").count() > 60);
    });
  } finally {
    await browser.close();
    await Deno.remove(folder, { recursive: true });
  }
});
