import { SysError } from "../ffi/errno.ts";
import type { Libc } from "../ffi/libc.ts";
import { type Address, connect, fitsSocket } from "../ffi/socket.ts";
import { Sys } from "../ffi/sys.ts";
import { type Answer, post } from "./http_client.ts";
import type { Request } from "./query.ts";
import { tokenFrom } from "./token_file.ts";
import { shown, UsageError } from "./usage.ts";

/** Asks a running `cready serve`; returns the exit code. Throws `UsageError`. */
export function answerThere(
  request: Request,
  where: string,
  tokenFile: string | undefined,
  libc: Libc,
  print: (answer: unknown) => void,
): number {
  const sys = new Sys(libc, []);
  const address = addressOf(where);
  const token = tokenFrom(sys, tokenFile);
  if (token !== null && "path" in address) {
    throw new UsageError("--token-file is for http://: a Unix socket needs none");
  }
  let code = 0;
  const tell = (answer: unknown) => {
    print(answer);
    if (typeof answer !== "object" || answer === null || "errors" in answer) code = 1;
  };
  const failed = (message: string, extensions: string) =>
    tell({ errors: [{ message, extensions: { code: extensions } }] });
  try {
    using socket = connect(sys, address);
    const body = JSON.stringify({
      query: request.query,
      variables: request.variables,
      ...(request.operationName === undefined ? {} : { operationName: request.operationName }),
    });
    const host = "path" in address ? "localhost" : where.slice("http://".length).replace(/\/$/, "");
    const answer = post(sys, socket.number, host, token, body);
    if (answer.type === "text/event-stream") events(answer, tell);
    else tell(jsonOf(answer));
  } catch (error) {
    if (error instanceof SysError) failed(`Cannot ask ${shown(where)}: ${error.code}`, "NOT_CONNECTED");
    else if (error instanceof SyntaxError) failed(`Cannot understand the answer of ${shown(where)}`, "BAD_ANSWER");
    else throw error;
  }
  return code;
}

function jsonOf(answer: Answer): unknown {
  return JSON.parse([...answer.text()].join(""));
}

/** Server-sent events as GraphQL sends them: `next` holds an answer, `complete` is the end. */
function events(answer: Answer, tell: (answer: unknown) => void): void {
  let text = "";
  for (const part of answer.text()) {
    text += part;
    for (let end; (end = text.indexOf("\n\n")) >= 0; text = text.slice(end + 2)) {
      const lines = text.slice(0, end).split("\n");
      const data = lines.filter((line) => line.startsWith("data:")).map((line) => line.slice(5).trim()).join("\n");
      if (lines.includes("event: complete")) return;
      if (lines.includes("event: next")) tell(JSON.parse(data));
    }
  }
  throw new SyntaxError("the stream ended before its end");
}

function addressOf(text: string): Address {
  if (text.startsWith("unix:")) {
    const path = text.slice("unix:".length);
    if (path !== "" && fitsSocket(path)) return { path };
  }
  const found = /^http:\/\/(127\.[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}|\[::1\]|localhost):([0-9]{1,5})(?:\/(?:graphql)?)?$/
    .exec(text);
  const port = Number(found?.[2]);
  if (found && port > 0 && port < 65536) {
    return { host: found[1] === "localhost" ? "127.0.0.1" : found[1]!.replace(/^\[|\]$/g, ""), port };
  }
  throw new UsageError(`--connect takes unix:PATH, http://127.0.0.1:PORT or http://[::1]:PORT, not ${shown(text)}`);
}
