import "./no_environment.ts";
import { type DocumentNode, GraphQLError } from "graphql";
import { createYoga, type Plugin } from "graphql-yoga";
import type { Context } from "../resolvers/context.ts";
import { executableSchema } from "../resolvers/schema.ts";
import { errorResponse, type HttpRequest, type HttpResponse } from "./http/message.ts";
import { LIMITS, type Limits } from "./limits.ts";
import { multipartPlugin } from "./multipart.ts";
import { parseWithin } from "./parse.ts";

/** Documents of tools and of the page are few; more would only fill the memory. */
const CACHED_DOCUMENTS = 64;
const CACHED_BYTES = 4096;

/** What the server needs from GraphQL. */
export interface GraphqlEndpoint {
  /** Answers a request at /graphql; never rejects. */
  answer(request: HttpRequest, context: Context, gone: AbortSignal): Promise<HttpResponse>;
}

/** GraphQL over HTTP and over server-sent events, within the limits. */
export function graphqlEndpoint(limits: Limits, complain: (message: string) => void): GraphqlEndpoint {
  const schema = executableSchema();
  const yoga = createYoga<Context>({
    schema,
    graphqlEndpoint: "/graphql",
    landingPage: false,
    graphiql: false,
    cors: false,
    batching: false,
    multipart: false,
    parserAndValidationCache: { documentCache: new Documents(), errorCache: NOTHING_KEPT },
    plugins: [multipartPlugin(), limitsPlugin(limits, (source) => parseWithin(source, schema, limits))],
    logging: { debug() {}, info() {}, warn() {}, error: (...parts) => complain(parts.map(String).join(" ")) },
  });
  return {
    async answer(request, context, gone) {
      let body: string;
      try {
        body = new TextDecoder("utf-8", { fatal: true }).decode(request.body);
      } catch {
        return errorResponse(400, "BODY_NOT_UTF8", "The request's body is not UTF-8");
      }
      try {
        const response = await yoga.fetch(toFetch(request, body), context);
        return await fromFetch(response);
      } catch (error) {
        if (gone.aborted) return errorResponse(499, "CLIENT_GONE", "The client has gone");
        complain(String(error));
        return errorResponse(500, "INTERNAL_SERVER_ERROR", "cready itself failed");
      }
    },
  };
}

/** Documents that were asked before, parsed. */
class Documents {
  readonly #kept = new Map<string, DocumentNode>();
  get(source: string): DocumentNode | undefined {
    return this.#kept.get(source);
  }
  set(source: string, document: DocumentNode): void {
    if (source.length > CACHED_BYTES) return;
    if (this.#kept.size >= CACHED_DOCUMENTS) this.#kept.delete(this.#kept.keys().next().value!);
    this.#kept.set(source, document);
  }
}

const NOTHING_KEPT = { get: () => undefined, set: () => {} };

/** Parses within the limits, and counts subscriptions. */
function limitsPlugin(limits: Limits, parse: (source: string) => DocumentNode): Plugin {
  let subscriptions = 0;
  return {
    onParse({ setParseFn }) {
      setParseFn((source) => parse(source as string));
    },
    // A wrong variable is the only error that comes without a code.
    onExecutionResult({ result }) {
      for (const one of Array.isArray(result) ? result : [result]) {
        if (!one || !("errors" in one)) continue;
        for (const { extensions } of one.errors ?? []) extensions.code ??= "BAD_USER_INPUT";
      }
    },
    onSubscribe({ args }) {
      if (subscriptions >= limits.subscriptions) {
        const { status, code } = LIMITS.subscriptions;
        throw new GraphQLError(`There are already ${limits.subscriptions} subscriptions; try again later`, {
          extensions: { code, http: { status, headers: { "retry-after": "5" } } },
        });
      }
      subscriptions++;
      let open = true;
      const close = () => {
        if (open) subscriptions--;
        open = false;
      };
      const { gone } = args.contextValue as unknown as { gone?: AbortSignal };
      gone?.addEventListener("abort", close, { once: true });
      return {
        onSubscribeError: close,
        onSubscribeResult({ result }) {
          if (!(Symbol.asyncIterator in result)) close();
          return { onEnd: close };
        },
      };
    },
  };
}

const BASE = "http://cready";
const PASSED_ON = ["accept", "content-type"];

function toFetch(request: HttpRequest, body: string): Request {
  const headers: Record<string, string> = {};
  for (const name of PASSED_ON) {
    const value = request.headers.get(name);
    if (value !== undefined) headers[name] = value;
  }
  const { method, target } = request;
  return new Request(
    BASE + target,
    method === "POST" ? { method, headers, body } : { method, headers },
  );
}

/** Framing is the connection's own affair. */
const DROPPED = new Set(["connection", "content-length", "transfer-encoding", "content-encoding"]);

async function fromFetch(response: Response): Promise<HttpResponse> {
  const headers: Record<string, string> = { "cache-control": "no-store" };
  response.headers.forEach((value, name) => {
    if (!DROPPED.has(name)) headers[name] = value;
  });
  const { status } = response;
  const type = headers["content-type"] ?? "";
  if (status < 400 && response.body && /^(text\/event-stream|multipart\/mixed)/.test(type)) {
    return { status, headers, body: response.body };
  }
  const text = response.body ? await response.text() : "";
  // A refusal is no stream: what would be its only event is the answer.
  const event = type.startsWith("text/event-stream") ? /^data: (.+)$/m.exec(text)?.[1] : undefined;
  if (event !== undefined) headers["content-type"] = "application/json; charset=utf-8";
  const body = event ?? text;
  if (status < 400 && !body.startsWith('{"errors":')) return { status, headers, body };
  const code = codeOf(body) ?? CODES[status] ?? "BAD_REQUEST";
  // Nothing was executed. In application/json such an answer may be a 200, and yoga makes it one; ours go by the table.
  const itself = STATUS_OF_LIMIT.get(code) ?? status;
  // What yoga refuses without a word gets one.
  if (body === "") return errorResponse(itself, code, MESSAGES[itself] ?? "The request was refused", headers);
  return { status: itself, headers, body, code };
}

const STATUS_OF_LIMIT = new Map(
  Object.values(LIMITS).flatMap(({ code, status }): [string, number][] =>
    code && status && status >= 400 ? [[code, status]] : []
  ),
);

const CODES: Readonly<Record<number, string>> = {
  405: "METHOD_NOT_ALLOWED",
  406: "NOT_ACCEPTABLE",
  415: "UNSUPPORTED_MEDIA_TYPE",
};
const MESSAGES: Readonly<Record<number, string>> = {
  405: "GraphQL is asked with GET or POST",
  406: "The answer can be application/graphql-response+json, application/json or text/event-stream",
  415: "The body must be application/json",
};

function codeOf(body: string): string | undefined {
  try {
    const code: unknown = JSON.parse(body).errors?.[0]?.extensions?.code;
    return typeof code === "string" ? code : undefined;
  } catch {
    return undefined;
  }
}
