import type { Login } from "./login.ts";
import { errorResponse, type HttpResponse, type RequestHead } from "./http/message.ts";

/** One way in: a Unix socket, whose file's mode decides who may use it, or a port of the loopback interface. */
export interface Door {
  /** Names and ports by which a browser may know a port; null for a Unix socket, which no browser can reach. */
  readonly hosts: ReadonlySet<string> | null;
  /** Who may come in; null where the file's mode decides. */
  readonly login: Login | null;
  /** Whether processes are told of. */
  readonly processes: boolean;
}

/** Paths that nobody needs to have logged in for. */
const OPEN_PATHS: readonly string[] = ["/login", "/login.css"];

/** A refusal of whoever does not belong here; undefined for all others. */
export function turnAway(door: Door, head: RequestHead): HttpResponse | undefined {
  const { headers } = head;
  const host = (headers.get("host") ?? "").toLowerCase();
  // A page of another site could reach this port by a name of its own that points to 127.0.0.1.
  if (door.hosts && !door.hosts.has(host)) {
    return errorResponse(403, "HOST_NOT_ALLOWED", "This server is not known by that Host; --host NAME adds one");
  }
  const origin = headers.get("origin");
  if (origin !== undefined && !sameOrigin(origin, host)) {
    return errorResponse(403, "ORIGIN_NOT_ALLOWED", "Pages of other origins may not ask this server");
  }
  const site = headers.get("sec-fetch-site");
  const opened = headers.get("sec-fetch-mode") === "navigate" && head.method === "GET";
  if (site !== undefined && site !== "same-origin" && site !== "none" && !opened) {
    return errorResponse(403, "ORIGIN_NOT_ALLOWED", "Pages of other origins may not ask this server");
  }
  if (!door.login || OPEN_PATHS.includes(pathOf(head)) || door.login.knows(head)) return undefined;
  if (head.method === "GET" && (headers.get("accept") ?? "").includes("text/html")) {
    return {
      status: 303,
      headers: { location: "/login", "cache-control": "no-store" },
      body: "",
      code: "UNAUTHENTICATED",
    };
  }
  return errorResponse(401, "UNAUTHENTICATED", "A bearer token is needed, or a cookie from /login", {
    "www-authenticate": 'Bearer realm="cready"',
  });
}

/** The path of a request's target, without its query. */
export function pathOf({ target }: RequestHead): string {
  const end = target.indexOf("?");
  return end < 0 ? target : target.slice(0, end);
}

function sameOrigin(origin: string, host: string): boolean {
  return host !== "" && [`http://${host}`, `https://${host}`].includes(origin.toLowerCase());
}
