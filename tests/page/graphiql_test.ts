/** GraphiQL of `cready serve --graphiql` in a real Chromium. */
import assert from "node:assert/strict";
import { start } from "../serve/server.ts";
import { openWindow, startBrowser } from "./browser.ts";
import { logIn } from "./log_in.ts";
import { nothingWrong } from "./looks.ts";

Deno.test("GraphiQL comes from the binary alone, knows the schema, and asks", async () => {
  const browser = await startBrowser();
  try {
    await using server = await start({ tcp: true, noToken: true, words: ["--graphiql"] });
    await using tab = await openWindow(browser);
    const { page } = tab;
    await logIn(page, server);
    await page.goto(`http://${server.host}/graphql`);
    const result = page.locator(".result-window");
    const run = page.getByRole("button", { name: /execute query/i });
    await run.click();
    await result.getByText(`"${Deno.osRelease()}"`).waitFor();

    // The schema is there.
    await page.getByRole("button", { name: /show documentation explorer/i }).click();
    await page.locator(".graphiql-doc-explorer").getByText("Query", { exact: true }).first().waitFor();
    await page.getByRole("button", { name: /hide documentation explorer/i }).click();

    // A query of one's own, typed as a person does; its names are completed by the schema.
    await page.locator(".graphiql-query-editor .CodeMirror").click();
    await page.keyboard.press("Control+a");
    await page.keyboard.type("{ categories { name desc");
    await page.locator(".CodeMirror-hints").getByText("description").first().waitFor();
    await page.keyboard.press("Escape");
    await page.keyboard.press("Control+a");
    await page.keyboard.insertText("{ categories { name } }");
    await run.click();
    await result.getByText('"EXPERIMENTAL"').waitFor();

    // A subscription, by its server-sent events.
    await page.locator(".graphiql-query-editor .CodeMirror").click();
    await page.keyboard.press("Control+a");
    await page.keyboard.insertText(
      "subscription { check(scope: REQUIRED) { __typename ... on CheckReport { outcome } } }",
    );
    await run.click();
    await result.getByText('"CheckReport"').waitFor();
    nothingWrong(tab, server);
    const size = await page.locator(".graphiql-container").boundingBox();
    assert.equal(size?.height, page.viewportSize()!.height, "it fills the window");
  } finally {
    await browser.close();
  }
});

Deno.test("without --graphiql a browser is not shown GraphiQL", async () => {
  const browser = await startBrowser();
  try {
    await using server = await start({ tcp: true, noToken: true });
    await using tab = await openWindow(browser);
    await logIn(tab.page, server);
    const answer = await tab.page.goto(`http://${server.host}/graphql`);
    assert.match(answer?.headers()["content-type"] ?? "", /^application\/json/, await answer?.text());
    assert.equal((await tab.page.goto(`http://${server.host}/graphiql.js`))?.status(), 404);
  } finally {
    await browser.close();
  }
});
