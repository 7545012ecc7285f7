import type { Answers } from "./answers.ts";
import { AskProber } from "./ask_prober.ts";
import { type Door, pathOf, turnAway } from "./door.ts";
import type { GraphqlEndpoint } from "./graphql.ts";
import type { Exchange, Handler } from "./http/handler.ts";
import {
  errorResponse,
  type HttpFault,
  type HttpRequest,
  type HttpResponse,
  type RequestHead,
} from "./http/message.ts";
import { LIMITS, type Limits } from "./limits.ts";
import { logIn, loginPage, loginStyle } from "./login_page.ts";
import { pageAsset } from "./page.ts";
import { within } from "./within.ts";

/** What all doors lead to. */
export interface App {
  readonly limits: Limits;
  readonly graphql: GraphqlEndpoint;
  readonly answers: Answers;
  readonly log: (door: string, exchange: Exchange) => void;
  /** Told of a fault of the server's own. */
  readonly complain: (message: string) => void;
  /** The files of --graphiql by their paths; null without it. */
  readonly graphiql: ReadonlyMap<string, HttpResponse> | null;
}

const JSON_TYPE = { "content-type": "application/json; charset=utf-8", "cache-control": "no-store" };

/** What may be done at each path. */
const METHODS: Readonly<Record<string, readonly string[]>> = {
  "/graphql": ["GET", "POST"],
  "/login": ["GET", "POST"],
};
const READ_ONLY: readonly string[] = ["GET", "HEAD"];

/** Answers the requests that come through one door. */
export class DoorHandler implements Handler {
  readonly #app: App;
  readonly #door: Door;
  readonly #name: string;
  /** Requests under way at all doors. */
  static #underWay = 0;

  constructor(app: App, door: Door, name: string) {
    this.#app = app;
    this.#door = door;
    this.#name = name;
  }

  refuse(head: RequestHead): HttpResponse | undefined {
    const away = turnAway(this.#door, head);
    if (away) return away;
    const path = pathOf(head);
    const known = path in METHODS || ["/health", "/ready", "/login.css"].includes(path) ||
      this.#file(path) !== undefined;
    if (!known || (!this.#door.login && path.startsWith("/login"))) {
      return errorResponse(404, "NOT_FOUND", "There is nothing at this path; GraphQL is at /graphql");
    }
    const methods = METHODS[path] ?? READ_ONLY;
    if (!methods.includes(head.method)) {
      return errorResponse(405, "METHOD_NOT_ALLOWED", `This path takes ${methods.join(" and ")}`, {
        allow: methods.join(", "),
      });
    }
    const type = (head.headers.get("content-type") ?? "").split(";")[0]!.trim().toLowerCase();
    if (path === "/graphql" && head.method === "POST" && type !== "application/json") {
      return errorResponse(415, "UNSUPPORTED_MEDIA_TYPE", "The body must be application/json");
    }
    if (DoorHandler.#underWay >= this.#app.limits.requests) {
      return errorResponse(503, LIMITS.requests.code, "Too many requests are being answered; try again later", {
        "retry-after": "1",
      });
    }
    return undefined;
  }

  async answer(request: HttpRequest, gone: AbortController): Promise<HttpResponse> {
    DoorHandler.#underWay++;
    try {
      return await this.#route(request, gone);
    } catch (error) {
      this.#app.complain(String(error));
      return errorResponse(500, "INTERNAL_SERVER_ERROR", "cready itself failed");
    } finally {
      DoorHandler.#underWay--;
    }
  }

  fault({ status, code, message }: HttpFault): HttpResponse {
    return errorResponse(status, code, message);
  }

  done(exchange: Exchange): void {
    this.#app.log(this.#name, exchange);
  }

  async #route(request: HttpRequest, gone: AbortController): Promise<HttpResponse> {
    const path = pathOf(request);
    if (path === "/graphql") return await this.#graphql(request, gone);
    if (path === "/health") return { status: 200, headers: JSON_TYPE, body: '{"status":"ok"}\n' };
    if (path === "/ready") return await this.#ready();
    const { login } = this.#door;
    if (path === "/login" && login) return request.method === "POST" ? logIn(login, request) : loginPage();
    if (path === "/login.css") return loginStyle();
    return this.#file(path) ?? errorResponse(404, "NOT_FOUND", "There is nothing at this path");
  }

  #file(path: string): HttpResponse | undefined {
    return pageAsset(path) ?? this.#app.graphiql?.get(path);
  }

  /** Ready: a prober has answered, and answers. */
  async #ready(): Promise<HttpResponse> {
    try {
      await within(this.#app.answers.surroundings(), READY_MS);
      return { status: 200, headers: JSON_TYPE, body: '{"status":"ready"}\n' };
    } catch {
      return errorResponse(503, "NOT_READY", "The prober does not answer");
    }
  }

  async #graphql(request: HttpRequest, gone: AbortController): Promise<HttpResponse> {
    const { graphiql, graphql, answers, limits } = this.#app;
    const page = graphiql?.get("/graphql");
    if (page && request.method === "GET" && (request.headers.get("accept") ?? "").includes("text/html")) return page;
    const context = { ask: new AskProber(answers, gone.signal, this.#door.processes), gone: gone.signal };
    const answer = graphql.answer(request, context, gone.signal);
    try {
      return await within(answer, limits.request);
    } catch {
      gone.abort();
      // What comes too late is dropped, and a stream is ended.
      void answer.then(({ body }) => body instanceof ReadableStream ? body.cancel() : undefined).catch(() => {});
      const { status, code } = LIMITS.request;
      return errorResponse(status, code, `There was no answer in ${limits.request} ms`);
    }
  }
}

const READY_MS = 2000;
