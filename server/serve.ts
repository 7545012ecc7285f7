import { SysError } from "../ffi/errno.ts";
import type { Libc } from "../ffi/libc.ts";
import { Poller } from "../ffi/poller.ts";
import { addressText } from "../ffi/socket.ts";
import { Sys } from "../ffi/sys.ts";
import type { User } from "../host/passwd.ts";
import { Answers } from "./answers.ts";
import { type App, DoorHandler } from "./app.ts";
import type { Door } from "./door.ts";
import { graphqlEndpoint } from "./graphql.ts";
import type { Exchange } from "./http/handler.ts";
import { HttpServer } from "./http/server.ts";
import { KeeperLink } from "./keeper_link.ts";
import type { Limits } from "./limits.ts";
import { type Listener, listenOnFile, listenOnPassed, listenOnPort, StartError } from "./listeners.ts";
import { RequestLog } from "./log.ts";
import { Login } from "./login.ts";
import { METRICS_PATH, MetricsHandler } from "./metrics.ts";
import { giveUpPrivileges } from "./privileges.ts";
import { Probers } from "./probers.ts";
import { removeFiles, socketFile } from "./socket_file.ts";

/** How a server is to be. */
export interface ServeRequest {
  /** The Unix socket's path, or the descriptor of one that listens already; null for none. */
  readonly socket: string | number | null;
  /** The socket of a keeper that somebody else starts; null to start one. */
  readonly prober: string | null;
  /** An address of the loopback interface; null for none. */
  readonly listen: { readonly host: string; readonly port: number } | null;
  /** An address of the loopback interface for the gauges of Prometheus; null for none. */
  readonly metrics: { readonly host: string; readonly port: number } | null;
  /** Further names of the Host header, as a proxy sends them. */
  readonly hosts: readonly string[];
  readonly token: string | null;
  /** Whom the serving process shall be; null to stay as it is. */
  readonly user: User | null;
  readonly limits: Limits;
  readonly graphiql: boolean;
  /** Whether processes are told of on the port, too. */
  readonly processes: boolean;
}

/** Answers given so far may take so long once it is to end; all is over within two seconds. */
const ENDING_MS = 1500;
const REMOVING_MS = 300;
/** Two scrapers and whoever looks at it by hand; each has one at a time. */
const METRICS_CONNECTIONS = 16;

/** Serves until a signal ends it; returns the exit code. `say` tells the person who started it. Throws `StartError`. */
export async function serve(libc: Libc, request: ServeRequest, say: (text: string) => void): Promise<number> {
  const sys = new Sys(libc, []);
  const log = new RequestLog(libc);
  const complain = (message: string) => log.event("fault", { message });
  // A fault of ours costs what it was about, not the server.
  const poller = new Poller(sys, (error) => complain(String(error)));
  globalThis.addEventListener("unhandledrejection", (event) => {
    event.preventDefault();
    complain(String(event.reason));
  });
  const { limits } = request;
  const ended = Promise.withResolvers<number>();

  const gone = () => {
    log.event("keeper", { message: "the keeper has ended: nothing can be asked any more" });
    ended.resolve(1);
  };
  // Before there is a file that would be left if it cannot be reached.
  const remote = request.prober === null ? null : connected(sys, poller, request.prober, gone);
  const { socket } = request;
  const file = typeof socket === "number"
    ? listenOnPassed(sys, socket)
    : socket === null
    ? null
    : listenOnFile(sys, socket);
  // The file of a socket that was passed on belongs to whoever made it.
  const made = typeof socket === "string" ? [socket] : [];
  const port = request.listen === null ? null : listenOnPort(sys, request.listen.host, request.listen.port);
  const metrics = request.metrics === null ? null : listenOnPort(sys, request.metrics.host, request.metrics.port);
  // From here on the rights of root are with the keeper alone.
  const keeper = remote ?? KeeperLink.start(sys, poller, made, gone);
  const own = request.prober === null ? [] : made.map((path) => socketFile(sys, path));
  const graphiql = request.graphiql ? (await import("./graphiql.ts")).graphiqlFiles() : null;
  giveUpPrivileges(sys, request.user);

  const answers = new Answers(new Probers(sys, poller, keeper, limits), limits.obstacles);
  const app: App = {
    limits,
    answers,
    graphiql,
    complain,
    graphql: graphqlEndpoint(limits, complain),
    log: (door, exchange) => log.exchange(door, exchange),
  };
  const http = new HttpServer(sys, poller, limits);
  // Anybody on this machine may connect there, and shall take no connection from those who have a token.
  const metricsHttp = new HttpServer(sys, poller, { ...limits, connections: METRICS_CONNECTIONS });
  const open = ({ socket, address }: Listener, door: Door) => {
    const tcp = "port" in address;
    http.serve(socket, tcp, new DoorHandler(app, door, tcp ? "tcp" : "unix"));
    say(`listening on ${addressText(address)}`);
  };
  const login = port ? new Login(request.token) : null;
  const tellCode = () => {
    if (!login || !port) return;
    say(`log in at ${addressText(port.address)}/login with the one-time code ${login.newCode()}, good for 60 s`);
  };
  const end = () => ended.resolve(0);
  Deno.addSignalListener("SIGTERM", end);
  Deno.addSignalListener("SIGINT", end);
  Deno.addSignalListener("SIGUSR1", tellCode);
  // The first who asks shall not wait for the prober's start.
  answers.facts().catch((error) => log.event("prober", { message: String(error) }));
  if (file) open(file, { hosts: null, login: null, processes: true });
  if (port) open(port, { hosts: new Set(hostsOf(port, request.hosts)), login, processes: request.processes });
  if (metrics) {
    const names = new Set(hostsOf(metrics, request.hosts));
    const note = (exchange: Exchange) => log.exchange("metrics", exchange);
    metricsHttp.serve(metrics.socket, true, new MetricsHandler(answers, names, limits.request, note));
    say(`gauges for Prometheus at ${addressText(metrics.address)}${METRICS_PATH}`);
  }
  tellCode();
  void poller.run();
  const code = await ended.promise;
  await atMost(Promise.all([http.stop(), metricsHttp.stop()]), ENDING_MS);
  await atMost(keeper.removeFiles(), REMOVING_MS);
  removeFiles(sys, own);
  log.flush();
  return code;
}

function connected(sys: Sys, poller: Poller, path: string, gone: () => void): KeeperLink {
  try {
    return KeeperLink.connect(sys, poller, path, gone);
  } catch (error) {
    if (error instanceof SysError) throw new StartError(`cannot reach the prober on ${path}: ${error.code}`);
    throw error;
  }
}

/** By which names a browser on this machine, or a proxy, may know the port. */
function hostsOf({ address }: Listener, more: readonly string[]): string[] {
  if (!("port" in address)) return [];
  const { host, port } = address;
  const names = [host.includes(":") ? `[${host}]` : host, "localhost"];
  return [
    ...names.map((name) => `${name}:${port}`),
    ...(port === 80 ? names : []),
    ...more.map((one) => one.toLowerCase()),
  ];
}

function atMost(promise: Promise<unknown>, ms: number): Promise<unknown> {
  return Promise.race([promise, new Promise((resolve) => setTimeout(resolve, ms))]);
}
