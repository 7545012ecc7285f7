import { SCRIPT, STYLE } from "./graphiql_assets.ts";
import type { HttpResponse } from "./http/message.ts";
import { PAGE_HEADERS } from "./login_page.ts";

const PAGE = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>cready: GraphiQL</title>
<link rel="icon" href="/page.svg" type="image/svg+xml">
<style>body { margin: 0 } #graphiql { height: 100vh }</style>
<link rel="stylesheet" href="/graphiql.css">
<div id="graphiql"></div>
<script src="/graphiql.js"></script>
</html>
`;

/** GraphiQL's editor makes style elements of its own; scripts come from here alone, as everywhere. */
const HEADERS = {
  ...PAGE_HEADERS,
  "content-security-policy": PAGE_HEADERS["content-security-policy"]!
    .replace("style-src 'self'", "style-src 'self' 'unsafe-inline'")
    .replace("font-src 'self'", "font-src 'self' data:"),
};

/** GraphiQL's files by their paths; the page itself is what a browser sees at /graphql. */
export function graphiqlFiles(): ReadonlyMap<string, HttpResponse> {
  const packed = (text: string, type: string): HttpResponse => ({
    status: 200,
    headers: { ...HEADERS, "content-type": type, "content-encoding": "gzip" },
    body: Uint8Array.from(atob(text), (char) => char.charCodeAt(0)),
  });
  return new Map([
    ["/graphql", { status: 200, headers: HEADERS, body: PAGE }],
    ["/graphiql.js", packed(SCRIPT, "text/javascript; charset=utf-8")],
    ["/graphiql.css", packed(STYLE, "text/css; charset=utf-8")],
  ]);
}
