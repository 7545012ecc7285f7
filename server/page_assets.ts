import type { Asset } from "./page.ts";

/** The files of the page by their paths. */
export const ASSETS: Readonly<Record<string, Asset>> = {
  "/": {
    type: "text/html; charset=utf-8",
    body: `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>cready</title>
<link rel="stylesheet" href="/login.css">
<main>
<h1>cready</h1>
<p>GraphQL is answered at <code>/graphql</code>; <code>cready schema</code> prints what can be asked.</p>
</main>
</html>
`,
  },
};
