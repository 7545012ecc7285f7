/** GraphiQL as `cready serve --graphiql` shows it; scripts/graphiql/build makes server/graphiql_assets.ts of it. */
import { createElement } from "react";
import { createRoot } from "react-dom/client";
import { GraphiQL } from "graphiql";

/** One answer, or a stream of server-sent events. */
async function fetcher(params) {
  const response = await fetch("/graphql", {
    method: "POST",
    headers: {
      "content-type": "application/json",
      "accept": "text/event-stream, application/graphql-response+json, application/json",
    },
    body: JSON.stringify(params),
  });
  return (response.headers.get("content-type") ?? "").startsWith("text/event-stream")
    ? events(response.body)
    : await response.json();
}

async function* events(body) {
  let text = "";
  for await (const part of body.pipeThrough(new TextDecoderStream())) {
    text += part;
    for (let end; (end = text.indexOf("\n\n")) >= 0; text = text.slice(end + 2)) {
      const block = text.slice(0, end);
      if (block.startsWith("event: complete")) return;
      if (block.startsWith("event: next")) yield JSON.parse(block.slice(block.indexOf("data: ") + 6));
    }
  }
}

const QUERY = `# cready: what this machine's kernel has for CRIU
{
  host { kernel architecture }
  check(scope: EXTRA) {
    outcome
    findings(verdict: UNSUPPORTED) { feature { id impact } reason remedies { text command } }
  }
}
`;
createRoot(document.getElementById("graphiql")).render(createElement(GraphiQL, { fetcher, defaultQuery: QUERY }));
