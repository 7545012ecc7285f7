/** The page's view of processes in a real Chromium. */
import assert from "node:assert/strict";
import type { Browser, BrowserContextOptions, Page, Route } from "playwright-core";
import { lockHolder } from "../cli/lock_holder.ts";
import { type Server, start } from "../serve/server.ts";
import { openWindow, startBrowser, type Window } from "./browser.ts";
import { logIn, newCode } from "./log_in.ts";
import { copied, faultsOf, focused, nothingWrong, width } from "./looks.ts";
import { apart, childrenOf, specimen } from "./specimens.ts";

/** As long as the kernel takes a name. */
const NAME = "<img/onerror=1>";
const FILE = `${"long".repeat(35)}<img src=x onerror="document.title='shot'">\n\x1b[31m\u202egnp.exe`;

/** The machine may be busy: what is looked at may take long. */
const WORDS = ["--processes", "--limit", "probe=60000"];

/** As the server lists processes. */
const LISTED = [
  { id: "7@7", pid: 7, name: NAME, uid: 0, cgroup: "/" },
  { id: "4194303@7", pid: 4194303, name: "a".repeat(60), uid: null, cgroup: `/${"deep".repeat(50)}` },
];

/** As the server tells of a process. */
const PRETENDED = {
  process: { id: "7@7", pid: 7, name: NAME, uid: null, cgroup: null, threads: 1, children: [] },
  dump: "BLOCKED",
  restore: "UNKNOWN",
  command: null as string | null,
  options: [],
  obstacles: [],
  obstaclesTotal: 0,
  unreadable: [{ path: "/proc/7/maps", errno: "EACCES", needs: "CAP_SYS_PTRACE" }],
  assumptions: ["no LDT"],
  criu: { version: "4.2", path: null },
  engine: "CRIU",
  tasks: 1001,
  durationMs: 12,
};

async function opened(
  browser: Browser,
  server: Server,
  hash: string,
  options: BrowserContextOptions = {},
): Promise<Window> {
  const tab = await openWindow(browser, options);
  await logIn(tab.page, server, hash);
  return tab;
}

const rows = (page: Page) => page.locator(".rows li");
const detail = (page: Page) => page.getByRole("complementary");
const looked = (page: Page) => detail(page).getByText(/^looked at/).waitFor();

/** Waits until the window is called so, as it is after the next picture. */
const titled = (page: Page, title: string) => page.waitForFunction(`document.title === ${JSON.stringify(title)}`);

/** Answers for the server the requests whose query begins so; the others go to it. */
async function pretend(page: Page, operation: string, answer: (query: string) => unknown): Promise<void> {
  await page.route("**/graphql", async (route: Route) => {
    const { query } = route.request().postDataJSON() as { query: string };
    if (!query.startsWith(operation)) return await route.fallback();
    await route.fulfill({ contentType: "application/json", body: JSON.stringify({ data: answer(query) }) });
  });
}

Deno.test("a process is chosen from the list", async (t) => {
  const browser = await startBrowser();
  try {
    await using server = await start({ tcp: true, noToken: true, words: WORDS, through: apart([NAME]) });

    await t.step("by its name or pid; also one that is no root", async () => {
      await using tab = await opened(browser, server, "#/");
      const { page } = tab;
      await page.getByRole("link", { name: "Processes", exact: true }).click();
      await page.getByRole("heading", { name: "Processes" }).waitFor();
      const search = page.getByLabel("Search the processes");
      await rows(page).first().waitFor();
      assert.deepEqual(await rows(page).locator("b").allTextContents(), [NAME]);
      const pid = await rows(page).locator(".pid").innerText();
      await page.getByText("1 tree", { exact: true }).waitFor();
      await search.fill("no process has this name");
      await page.getByText("No process is like that.").waitFor();
      await search.fill("IMG/onerror");
      assert.equal(await rows(page).count(), 1);
      await search.fill(pid);
      await rows(page).getByRole("link").click();
      await page.getByRole("heading", { name: `${pid} ${NAME}` }).waitFor();
      await looked(page);
      const tree = await detail(page).locator(".tree").innerText();
      const child = /\b([0-9]+) sleep/.exec(tree)?.[1];
      assert.ok(child, tree);
      await search.fill(child);
      await page.getByRole("link", { name: `Look at PID ${child}` }).click();
      await page.getByRole("heading", { name: `${child} sleep` }).waitFor();
      await looked(page);
      nothingWrong(tab, server);
    });

    await t.step("by keyboard alone", async () => {
      await using tab = await opened(browser, server, "#/processes");
      const { page } = tab;
      await rows(page).first().waitFor();
      await page.getByLabel("Search the processes").focus();
      await page.keyboard.type("img");
      const isRow = async () => /^row-[0-9]+@[0-9]+$/.test(await focused(page));
      for (let i = 0; i < 10 && !await isRow(); i++) await page.keyboard.press("Tab");
      const row = await focused(page);
      assert.ok(await isRow(), row);
      await page.keyboard.press("Enter");
      await page.locator("#detail:focus").waitFor();
      await looked(page);
      await page.keyboard.press("Escape");
      await page.locator(`[id="${row}"]:focus`).waitFor();
      assert.equal(await detail(page).count(), 0);
      nothingWrong(tab, server);
    });
  } finally {
    await browser.close();
  }
});

Deno.test("the page's processes", async (t) => {
  const browser = await startBrowser();
  try {
    await using server = await start({ tcp: true, noToken: true, words: WORDS });
    await using hostile = await specimen(NAME, FILE);

    await t.step(
      "what is told of it: verdicts, command, options, obstacles, tree, assumptions, the query",
      async () => {
        await using tab = await opened(browser, server, `#/process/${hostile.pid}`, {
          permissions: ["clipboard-read", "clipboard-write"],
        });
        const { page } = tab;
        await looked(page);
        const text = await detail(page).innerText();
        for (
          const part of [
            `${hostile.pid} ${NAME}`,
            "4 processes in the tree",
            "needs options",
            "the lock must be free at restore",
            `${hostile.pid} fd 9`,
            "rule lock-any",
            "an option helps",
            "Remedy: Give --file-locks",
            "criu prints: Some file locks are hold by dumping tasks!",
            "<img src=x onerror=\"document.title='shot'\">\\x0a\\x1b[31m\\u202egnp.exe",
            "Assumed",
            "Judged for criu",
          ]
        ) assert.ok(text.includes(part), `${part} is missing in ${text}`);
        for (const pid of childrenOf(hostile.pid)) {
          await detail(page).getByRole("link", { name: new RegExp(`^${pid} (sh|sleep)$`) }).waitFor();
        }
        await titled(page, `${hostile.pid} ${NAME}: needs options - cready`);
        assert.equal(await page.locator("main img").count(), 0);
        await detail(page).getByRole("button", { name: "Copy command" }).click();
        await detail(page).getByText("Copied", { exact: true }).waitFor();
        const command = await copied(page);
        assert.ok(text.includes(command), `${command} is missing in ${text}`);
        assert.match(command, new RegExp(`^criu dump -t ${hostile.pid} -D DIR .*--file-locks`));
        await detail(page).getByText("GraphQL behind this view").click();
        await detail(page).getByRole("button", { name: "Copy query" }).first().click();
        await page.waitForFunction("navigator.clipboard.readText().then((text) => text.startsWith('query'))");
        const query = await copied(page);
        const answer = await page.evaluate(async (query) => {
          const headers = { "content-type": "application/json" };
          return await (await fetch("/graphql", { method: "POST", headers, body: JSON.stringify({ query }) })).json();
        }, query);
        assert.equal(answer.data?.process?.inspection?.dump, "NEEDS_OPTIONS", JSON.stringify(answer));
        nothingWrong(tab, server);
      },
    );

    await t.step("a link to a process leads there through the login", async () => {
      await using tab = await openWindow(browser);
      const { page } = tab;
      await page.goto(`http://${server.host}/#/process/${hostile.pid}`);
      await page.getByLabel("One-time code").fill(await newCode(server));
      await page.getByRole("button", { name: "Log in" }).click();
      await looked(page);
      assert.equal(new URL(page.url()).hash, `#/process/${hostile.pid}`);
      // And back, when the login has expired.
      await tab.context.clearCookies();
      await detail(page).getByRole("button", { name: "Look again" }).click();
      await page.waitForURL(`**/login#/process/${hostile.pid}`);
      await page.getByLabel("One-time code").fill(await newCode(server));
      await page.keyboard.press("Enter");
      await looked(page);
      // The browser tells of the 401.
      assert.deepEqual(tab.complaints.filter((one) => !one.includes("401")), []);
    });

    await t.step("a command is shown harmlessly, and copied as it is", async () => {
      await using tab = await openWindow(browser, { permissions: ["clipboard-read", "clipboard-write"] });
      const { page } = tab;
      const command = "criu dump -t 7 -D DIR --external 'mnt[/a\u202e\n\x1b]:x'";
      await pretend(page, "query Process ", () => ({
        process: { inspection: { ...PRETENDED, dump: "NEEDS_OPTIONS", command } },
      }));
      await logIn(page, server, "#/process/7");
      await detail(page).getByText("'mnt[/a\\u202e\\x0a\\x1b]:x'", { exact: false }).waitFor();
      await detail(page).getByRole("button", { name: "Copy command" }).click();
      await detail(page).getByText("Copied", { exact: true }).waitFor();
      assert.equal(await copied(page), command);
      nothingWrong(tab, server);
    });

    await t.step("the tree is opened step by step", async () => {
      await using tab = await opened(browser, server, `#/process/${hostile.pid}`);
      const { page } = tab;
      await looked(page);
      const branch = detail(page).getByRole("button", { name: /^Children of [0-9]+ sh$/ });
      await branch.click();
      const inner = detail(page).locator(".tree li li").getByRole("link", { name: /^[0-9]+ sleep$/ });
      await inner.waitFor();
      assert.equal(await branch.getAttribute("aria-expanded"), "true");
      await branch.click();
      await inner.waitFor({ state: "detached" });
      await branch.press("Enter");
      const name = await inner.innerText();
      await inner.click();
      await page.getByRole("heading", { name }).waitFor();
      await looked(page);
      nothingWrong(tab, server);
    });

    await t.step("an engine that has not this process is told as a sentence", async () => {
      await using tab = await opened(browser, server, `#/process/${hostile.pid}`);
      const { page } = tab;
      await looked(page);
      await detail(page).getByLabel("Dumped by").selectOption("PODMAN");
      await detail(page).getByRole("alert").getByText("container").waitFor();
      await detail(page).getByLabel("Dumped by").selectOption("CRIU");
      await looked(page);
      nothingWrong(tab, server);
    });

    await t.step("watching tells of a change, and of the end", async () => {
      await using held = await lockHolder({ waits: true });
      await using tab = await opened(browser, server, `#/process/${held.pid}`);
      const { page } = tab;
      await looked(page);
      assert.equal(await detail(page).getByText("lock-any").count(), 0, await detail(page).innerText());
      const watch = detail(page).getByRole("button", { name: "Watch" });
      await watch.click();
      await detail(page).getByText(/^watching;/).waitFor();
      assert.equal(await watch.getAttribute("aria-pressed"), "true");
      await held.lock();
      await detail(page).getByText("lock-any").first().waitFor();
      await held.end();
      await detail(page).getByText(/^This process has ended\. What is shown is from [0-9:]{8}\.$/).waitFor();
      await titled(page, `${held.pid} sh: ended - cready`);
      assert.ok(await detail(page).getByText("lock-any").count() > 0);
      assert.equal(await watch.count(), 0);
      nothingWrong(tab, server);
    });

    await t.step("who looks again at a process that has ended is told so, and keeps what was seen", async () => {
      await using held = await lockHolder();
      await using tab = await opened(browser, server, `#/process/${held.pid}`);
      const { page } = tab;
      await looked(page);
      await held.end();
      await detail(page).getByRole("button", { name: "Look again" }).click();
      await detail(page).getByText(/^This process has ended\. What is shown is from [0-9:]{8}\.$/).waitFor();
      assert.ok(await detail(page).getByText("lock-any").count() > 0);
      nothingWrong(tab, server);
    });

    await t.step("watching ends when it shall, and with the view", async () => {
      await using tab = await opened(browser, server, `#/process/${hostile.pid}`);
      const { page } = tab;
      await looked(page);
      const watch = detail(page).getByRole("button", { name: "Watch" });
      await watch.click();
      await detail(page).getByText(/^watching;/).waitFor();
      await watch.click();
      await looked(page);
      await watch.click();
      await page.getByRole("link", { name: "This machine" }).click();
      await page.getByRole("button", { name: "Run again" }).waitFor();
      assert.equal(await detail(page).count(), 0);
      nothingWrong(tab, server);
    });

    await t.step("what is not there, and what is no process", async () => {
      await using tab = await opened(browser, server, "#/process/4194304");
      const { page } = tab;
      await detail(page).getByText("There is no such process, or it has ended.").waitFor();
      await page.evaluate((to) => location.hash = to, `#/process/${hostile.pid}@1`);
      await detail(page).getByText("There is no such process, or it has ended.").waitFor();
      for (const hash of ["#/process/0", '#/process/1")%20%7B', "#/process/%3Cimg%3E", "#/process/99999999"]) {
        await page.evaluate((to) => location.hash = to, hash);
        await detail(page).getByText("A process is named by its PID").waitFor();
      }
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
        await using tab = await openWindow(browser, { reducedMotion: "reduce", ...options });
        const { page } = tab;
        await pretend(page, "query Processes", () => ({ processes: LISTED }));
        await logIn(page, server, "#/processes");
        await rows(page).first().waitFor();
        await page.getByText("GraphQL behind this view").click();
        assert.deepEqual(await faultsOf(page), []);
        assert.ok(await width(page) <= page.viewportSize()!.width);
        const looks = [
          [String(hostile.pid), /^looked at/],
          ["4194304", /^There is no such/],
          ["0", /^A process is named/],
        ] as const;
        for (const [id, said] of looks) {
          await page.evaluate((to) => location.hash = to, `#/process/${id}`);
          await detail(page).getByText(said).waitFor();
          const behind = detail(page).getByText("GraphQL behind this view");
          if (await behind.count() > 0) await behind.click();
          assert.deepEqual(await faultsOf(page), [], id);
          assert.ok(await width(page) <= page.viewportSize()!.width, id);
        }
        nothingWrong(tab, server);
      });
    }

    await t.step("thousands of processes are listed page by page, and not all are drawn at once", async () => {
      await using tab = await openWindow(browser);
      const { page } = tab;
      const all = Array.from({ length: 2345 }, (_, i) => ({
        id: `${i + 1}@7`,
        pid: i + 1,
        name: i % 2 ? "worker" : NAME,
        uid: i % 3 || null,
        cgroup: `/${"deep/".repeat(40)}${i}`,
      }));
      const asked: string[] = [];
      await pretend(page, "query Processes", (query) => {
        const after = /after: "([0-9]+)@7"/.exec(query)?.[1];
        asked.push(after ?? "the first");
        return { processes: all.slice(Number(after ?? 0), Number(after ?? 0) + 1000) };
      });
      await logIn(page, server, "#/processes");
      await page.getByText("2345 trees").waitFor();
      assert.deepEqual(asked, ["the first", "1000", "2000"]);
      assert.equal(await rows(page).count(), 200);
      await page.getByLabel("Search the processes").fill("worker");
      await page.getByText("1172 of 2345 trees").waitFor();
      assert.equal(await rows(page).count(), 200);
      await page.getByLabel("Search the processes").fill("2345");
      await page.getByText("1 of 2345 trees").waitFor();
      assert.deepEqual(await rows(page).locator(".pid").allTextContents(), ["2345"]);
      await page.getByLabel("Search the processes").fill("");
      await page.getByRole("button", { name: "Show all" }).click();
      assert.equal(await rows(page).count(), 2345);
      nothingWrong(tab, server);
    });

    await t.step("a thousand obstacles of more, and a thousand children", async () => {
      await using tab = await openWindow(browser, { viewport: { width: 360, height: 640 } });
      const { page } = tab;
      const { process } = PRETENDED;
      const children = Array.from({ length: 1000 }, (_, i) => ({
        id: `${i + 8}@7`,
        pid: i + 8,
        name: "x".repeat(60),
        threads: 2,
        children: [],
      }));
      const obstacles = Array.from({ length: 1000 }, (_, i) => ({
        rule: "fd-io-uring",
        stage: "DUMP",
        effect: "REFUSED",
        process,
        subject: `fd ${i}`,
        reason: `it is an io_uring ${"y".repeat(200)}`,
        message: null,
        options: [],
        features: [{ id: "tun" }],
        remedy: "start it without",
      }));
      await pretend(page, "query Process ", () => ({
        process: {
          inspection: { ...PRETENDED, process: { ...process, children }, obstacles, obstaclesTotal: 5000 },
        },
      }));
      await logIn(page, server, "#/process/7");
      await looked(page);
      const text = await detail(page).innerText();
      for (
        const part of [
          "cannot be dumped",
          "criu dump fails, whatever option is given.",
          "4000 obstacles more are not shown: the server gives 1000",
          "owner unknown",
          "/proc/7/maps EACCES (needs CAP_SYS_PTRACE)",
          "which is not installed",
        ]
      ) assert.ok(text.includes(part), `${part} is missing in ${text.slice(0, 5000)}`);
      assert.equal(await detail(page).getByRole("button", { name: "Copy command" }).count(), 0);
      const shown = detail(page).locator(".obstacles li");
      assert.equal(await shown.count(), 50);
      assert.equal(await detail(page).locator(".tree li").count(), 100);
      assert.deepEqual(await faultsOf(page), []);
      await detail(page).getByRole("button", { name: "Show all" }).first().click();
      assert.equal(await shown.count(), 1000);
      assert.ok(await width(page) <= 360);
      nothingWrong(tab, server);
    });
  } finally {
    await browser.close();
  }
});

Deno.test("without --processes the page says how to get them", async () => {
  const browser = await startBrowser();
  try {
    await using server = await start({ tcp: true, noToken: true });
    await using tab = await opened(browser, server, "#/processes");
    const { page } = tab;
    const said = page.getByRole("alert").getByText("start it with --processes");
    await said.waitFor();
    assert.equal(await page.getByLabel("Search the processes").count(), 0);
    assert.deepEqual(await faultsOf(page), []);
    await page.evaluate((to) => location.hash = to, "#/process/1");
    await said.waitFor();
    assert.equal(await page.getByRole("complementary").count(), 0);
    // The checks are told of all the same.
    await page.getByRole("link", { name: "This machine" }).click();
    await page.getByText(/^Asked all categories, at/).waitFor();
    nothingWrong(tab, server);
  } finally {
    await browser.close();
  }
});
