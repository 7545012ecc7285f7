import type { Libc } from "../ffi/libc.ts";
import { fitsSocket } from "../ffi/socket.ts";
import { Sys } from "../ffi/sys.ts";
import { type User, userNamed } from "../host/passwd.ts";
import { defaultLimits, type LimitName, LIMITS } from "../server/limits.ts";
import { serve, type ServeRequest } from "../server/serve.ts";
import { StartError } from "../server/listeners.ts";
import type { CommandOption } from "./commands.ts";
import { Console } from "./console.ts";
import { getopt } from "./getopt.ts";
import { entry, optionLines } from "./help.ts";
import { tokenFrom } from "./token_file.ts";
import { shown, UsageError } from "./usage.ts";

export const OPTIONS: readonly CommandOption[] = [
  {
    name: "socket",
    argument: "required",
    value: "PATH",
    help:
      "the Unix socket, of mode 0600; by default the one that systemd passes on, or /run/cready/cready.sock, or below XDG_RUNTIME_DIR for others than root",
  },
  {
    name: "listen",
    argument: "required",
    value: "ADDRESS",
    help: "listen on 127.0.0.1:PORT or [::1]:PORT instead, where every request needs a token or a login",
  },
  {
    name: "metrics-listen",
    argument: "required",
    value: "ADDRESS",
    help: "listen on 127.0.0.1:PORT or [::1]:PORT too, for Prometheus: gauges at /metrics, without a login",
  },
  {
    name: "prober",
    argument: "required",
    value: "PATH",
    help:
      "have the kernel asked by the root-owned prober on this socket, that of cready-prober.socket, instead of starting one",
  },
  { name: "token-file", argument: "required", value: "FILE", help: "the bearer token for --listen" },
  { name: "host", argument: "required", value: "NAME", help: "another Host header for --listen, as a proxy sends it" },
  {
    name: "user",
    argument: "required",
    value: "NAME",
    help: "whom the serving process shall be when root starts it, by default nobody; root keeps it as it is",
  },
  { name: "limit", argument: "required", value: "NAME=N", help: "another limit than the default; see docs/serve.md" },
  { name: "processes", argument: "none", help: "tell of processes with --listen, too, not on the Unix socket alone" },
  { name: "graphiql", argument: "none", help: "show GraphiQL to browsers at /graphql" },
  { name: "help", short: "h", argument: "none", help: "show this text" },
];

/** `cready serve --help`. */
export function help(): string {
  return `Usage: cready serve [options]

Answers GraphQL queries and subscriptions over HTTP at /graphql, and shows a page at / with --listen. The process that
answers has no privileges; another one, with the rights of whoever started this, asks the kernel. A line of JSON on
stdout for each request. SIGTERM ends it; SIGUSR1 prints a new one-time code.

Options:
${optionLines(OPTIONS)}
Limits:
${
    Object.entries(LIMITS).map(([name, { value, unit, help }]) =>
      entry(`${name}=${value}`, unit ? `${unit}, ${help}` : help)
    ).join("")
  }`;
}

const ROOT_SOCKET = "/run/cready/cready.sock";
/** SD_LISTEN_FDS_START. */
const FIRST_PASSED = 3;
const USER_SOCKET = "cready/cready.sock";

/** Runs `cready serve`; returns its exit code when a signal has ended it. Throws `UsageError`. */
export async function run(args: readonly string[], libc: Libc): Promise<number> {
  const { options, words } = getopt(args, OPTIONS);
  const console = new Console(libc);
  if (options.some(({ name }) => name === "help")) return console.out(help()), 0;
  if (words.length > 1) throw new UsageError(`serve takes no words: ${shown(words[1]!)}`);
  const all = (name: string) => options.flatMap((option) => option.name === name ? option.value ?? [] : []);
  const given = (name: string) => all(name).at(-1);
  const sys = new Sys(libc, []);
  const root = sys.call("geteuid") === 0;
  const listen = given("listen"), metrics = given("metrics-listen");
  if (listen === undefined) {
    for (const name of ["token-file", "host", "processes"]) {
      if (options.some((option) => option.name === name)) throw new UsageError(`--${name} is for --listen`);
    }
  }
  const request: ServeRequest = {
    socket: given("socket") ?? (listen === undefined ? passedSocket(libc, sys) ?? defaultSocket(libc, root) : null),
    prober: given("prober") ?? null,
    listen: listen === undefined ? null : addressOf("listen", listen),
    metrics: metrics === undefined ? null : addressOf("metrics-listen", metrics),
    hosts: all("host"),
    token: tokenFrom(sys, given("token-file")),
    user: userFor(sys, given("user"), root),
    limits: limitsOf(all("limit")),
    processes: options.some(({ name }) => name === "processes"),
    graphiql: options.some(({ name }) => name === "graphiql"),
  };
  for (const path of [request.socket, request.prober]) {
    if (typeof path === "string" && !fitsSocket(path)) {
      throw new UsageError(`the path of a socket has at most 107 bytes: ${shown(path)}`);
    }
  }
  try {
    return await serve(libc, request, (text) => console.detail(`cready serve: ${text}`));
  } catch (error) {
    if (!(error instanceof StartError)) throw error;
    console.detail(`Error (cready/serve): ${shown(error.message)}`);
    return 1;
  }
}

/** The socket that systemd made and passes on: the first one (sd_listen_fds(3)), if these are meant for us. */
function passedSocket(libc: Libc, sys: Sys): number | undefined {
  const ours = libc.getenv("LISTEN_PID") === String(sys.call("getpid"));
  return ours && libc.getenv("LISTEN_FDS") === "1" ? FIRST_PASSED : undefined;
}

function defaultSocket(libc: Libc, root: boolean): string {
  if (root) return ROOT_SOCKET;
  const folder = libc.getenv("XDG_RUNTIME_DIR");
  if (folder?.startsWith("/")) return `${folder.replace(/\/+$/, "")}/${USER_SOCKET}`;
  throw new UsageError("XDG_RUNTIME_DIR is not set: name a socket with --socket");
}

function addressOf(option: string, text: string): { host: string; port: number } {
  const found = /^(127(?:\.(?:0|[1-9][0-9]{0,2})){3}|\[::1\]):(0|[1-9][0-9]{0,4})$/.exec(text);
  const host = found?.[1]?.replace(/^\[|\]$/g, "") ?? "", port = Number(found?.[2]);
  if (!found || port > 65535 || host.split(".").some((part) => Number(part) > 255)) {
    throw new UsageError(
      `--${option} takes 127.0.0.1:PORT or [::1]:PORT, not ${
        shown(text)
      }; others reach it through a proxy with TLS (docs/serve.md)`,
    );
  }
  return { host, port };
}

function userFor(sys: Sys, name: string | undefined, root: boolean): User | null {
  if (!root) {
    if (name !== undefined) throw new UsageError("--user is for root");
    return null;
  }
  const user = userNamed(sys, name ?? "nobody") ?? (name === undefined ? { uid: 65534, gid: 65534 } : undefined);
  if (!user) throw new UsageError(`there is no user ${shown(name ?? "")}`);
  return user.uid === 0 ? null : user;
}

function limitsOf(settings: readonly string[]) {
  const limits = defaultLimits();
  for (const setting of settings) {
    const [, name, value] = /^([a-z]+)=([1-9][0-9]{0,8})$/.exec(setting) ?? [];
    if (name === undefined || !Object.hasOwn(LIMITS, name)) {
      throw new UsageError(`--limit takes NAME=N with N above 0; the names are ${Object.keys(LIMITS).join(", ")}`);
    }
    limits[name as LimitName] = Number(value);
  }
  return limits;
}
