/** A running `cready serve`, and what a client may do to it. */
import { BINARY, eventually, processesWith, spawn } from "../cli/binary.ts";

const DECODER = new TextDecoder();

/** The token of servers that are started with `tcp`. */
export const TOKEN = "a-token-of-the-tests-0123456789";

/** A server under test; disposing of it ends it and all that came of it. */
export interface Server extends AsyncDisposable {
  readonly folder: string;
  readonly pid: number;
  /** Where it listens. */
  readonly where: Deno.UnixConnectOptions | Deno.ConnectOptions;
  /** As the Host header has it. */
  readonly host: string;
  /** What it printed on stderr so far. */
  said(): string;
  /** The lines of its log so far. */
  log(): Record<string, unknown>[];
  /** Sends SIGTERM, or another signal, and waits for its end; milliseconds that took, and the exit code. */
  stop(signal?: Deno.Signal): Promise<{ readonly ms: number; readonly code: number }>;
}

/** How a server is started. */
export interface ServerStart {
  /** Listen on a port of 127.0.0.1 with TOKEN instead of a Unix socket. */
  readonly tcp?: boolean;
  /** Without a token file: codes alone. */
  readonly noToken?: boolean;
  readonly words?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly through?: readonly string[];
  readonly program?: string;
}

/** Starts a server and waits until it listens. */
export async function start(
  { tcp, noToken, words = [], env = {}, through = [], program = BINARY }: ServerStart = {},
): Promise<Server> {
  const folder = await Deno.makeTempDir({ prefix: "cready-serve-" });
  const path = `${folder}/s.sock`;
  await Deno.writeTextFile(`${folder}/token`, `${TOKEN}\n`, { mode: 0o600 });
  const where = tcp
    ? ["--listen", "127.0.0.1:0", ...(noToken ? [] : ["--token-file", `${folder}/token`])]
    : ["--socket", path];
  const marker = crypto.randomUUID();
  const child = spawn([...through, program, "serve", ...where, ...words], marker, { env });
  const err = follow(child.stderr), out = follow(child.stdout);
  let ended: Deno.CommandStatus | undefined;
  const status = child.status.then((one) => ended = one);
  const dispose = async () => {
    for (const pid of processesWith(marker)) kill(pid, "SIGKILL");
    await status;
    await Promise.all([err.done, out.done]);
    await Deno.remove(folder, { recursive: true });
  };
  try {
    await eventually("the server listens", () => ended !== undefined || err.text().includes("listening on"), 30);
    if (ended) throw new Error(`the server ended: ${err.text()}`);
  } catch (error) {
    await dispose();
    throw error;
  }
  const port = Number(/listening on http:\/\/127\.0\.0\.1:([0-9]+)/.exec(err.text())?.[1]);
  return {
    folder,
    // The program itself, not what it was started through: the oldest of its children's parents.
    pid: through.length === 0 ? child.pid : processesWith(marker).find((pid) => commandOf(pid)[1] === "serve")!,
    where: tcp ? { hostname: "127.0.0.1", port } : { transport: "unix", path },
    host: tcp ? `127.0.0.1:${port}` : "localhost",
    said: err.text,
    log: () => out.text().split("\n").slice(0, -1).map((line) => JSON.parse(line)),
    async stop(signal = "SIGTERM") {
      const from = performance.now();
      Deno.kill(child.pid, signal);
      const { code } = await status;
      return { ms: performance.now() - from, code };
    },
    [Symbol.asyncDispose]: dispose,
  };
}

/** The words with which a process was started. */
export function commandOf(pid: number): string[] {
  try {
    return Deno.readTextFileSync(`/proc/${pid}/cmdline`).split("\0");
  } catch {
    return [];
  }
}

/** The processes that a process started. */
export function childrenOf(pid: number): number[] {
  const children: number[] = [];
  for (const { name } of Deno.readDirSync("/proc")) {
    if (!/^[0-9]+$/.test(name)) continue;
    try {
      const stat = Deno.readTextFileSync(`/proc/${name}/stat`);
      const [state, parent] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
      if (Number(parent) === pid && state !== "Z") children.push(Number(name));
    } catch {
      // It has ended.
    }
  }
  return children;
}

/** The keeper of a server. */
export function keeperOf(server: Server): number {
  const keeper = childrenOf(server.pid).find((pid) => commandOf(pid)[1] === "keeper");
  if (!keeper) throw new Error("the server has no keeper");
  return keeper;
}

/** The probers of a server. */
export function probersOf(server: Server): number[] {
  return childrenOf(keeperOf(server)).filter((pid) => commandOf(pid)[1] === "prober");
}

/** The kernel's function in which a process waits; empty where it does not, or has ended. */
function waitsIn(pid: number): string {
  try {
    return Deno.readTextFileSync(`/proc/${pid}/wchan`);
  } catch {
    return "";
  }
}

/** The one prober that is left when all has been answered, once it waits for the next question. */
export async function idleProber(server: Server): Promise<number> {
  let idle = 0;
  await eventually("one prober is left and waits", () => {
    const [prober, ...others] = probersOf(server);
    if (prober === undefined || others.length > 0) return false;
    idle = prober;
    // An answer is there before its children are taken away; until then another prober would be started.
    return waitsIn(prober).startsWith("unix_stream_read");
  });
  return idle;
}

/** Sends a signal, also to what may have ended. */
export function kill(pid: number, signal: Deno.Signal): void {
  try {
    Deno.kill(pid, signal);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

function follow(stream: ReadableStream<Uint8Array>) {
  let text = "";
  const done = (async () => {
    for await (const part of stream) text += DECODER.decode(part);
  })();
  return { text: () => text, done };
}

/** An answer. */
export interface Reply {
  readonly status: number;
  readonly headers: ReadonlyMap<string, string>;
  readonly body: string;
  /** The first error's code, if there is one. */
  readonly code: string | undefined;
  // deno-lint-ignore no-explicit-any
  readonly json: any;
}

/** A request; by default a GraphQL query as a client sends it. */
export interface Request {
  readonly method?: string;
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string | null>>;
  readonly body?: string | Uint8Array<ArrayBuffer> | null;
}

/** A query as the body of a request. */
export function query(text: string, rest: Readonly<Record<string, unknown>> = {}): Request {
  return { body: JSON.stringify({ query: text, ...rest }) };
}

/** The bytes of a request. */
export function bytesOf(
  server: Server,
  { method, path = "/graphql", headers = {}, body = null }: Request,
): Uint8Array<ArrayBuffer> {
  const content = typeof body === "string" ? new TextEncoder().encode(body) : body;
  const all: Record<string, string | null> = {
    host: server.host,
    connection: "close",
    ...(server.where.transport === "unix" ? {} : { authorization: `Bearer ${TOKEN}` }),
    ...(content ? { "content-type": "application/json", "content-length": String(content.length) } : {}),
    ...headers,
  };
  const lines = Object.entries(all).flatMap(([name, value]) => value === null ? [] : [`${name}: ${value}`]);
  const head = `${method ?? (content ? "POST" : "GET")} ${path} HTTP/1.1\r\n${lines.join("\r\n")}\r\n\r\n`;
  const start = new TextEncoder().encode(head);
  const bytes = new Uint8Array(start.length + (content?.length ?? 0));
  bytes.set(start);
  if (content) bytes.set(content, start.length);
  return bytes;
}

/** Connects to a server. */
export function connect({ where }: Server): Promise<Deno.Conn> {
  return "path" in where ? Deno.connect(where) : Deno.connect(where);
}

/** Makes a request on a connection of its own. */
export async function ask(server: Server, request: Request): Promise<Reply> {
  return await exchange(server, bytesOf(server, request));
}

/** Sends bytes, and reads until the server closes the connection. */
export async function exchange(server: Server, bytes: Uint8Array<ArrayBuffer>): Promise<Reply> {
  const connection = await connect(server);
  try {
    // A server that refuses early need not read it all.
    const sending = sendAll(connection, bytes).catch(() => {});
    const reply = replyOf(await readAll(connection));
    await sending;
    return reply;
  } finally {
    connection.close();
  }
}

/** Sends all of some bytes. */
export async function sendAll(connection: Deno.Conn, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
  for (let at = 0; at < bytes.length;) at += await connection.write(bytes.subarray(at));
}

/** All that arrives until the end of a connection. */
export async function readAll(connection: Deno.Conn): Promise<string> {
  const buffer = new Uint8Array(65536);
  const decoder = new TextDecoder();
  let text = "";
  try {
    for (let size; (size = await connection.read(buffer)) !== null;) {
      text += decoder.decode(buffer.subarray(0, size), { stream: true });
    }
  } catch (error) {
    // What came before a reset was read.
    if (!(error instanceof Deno.errors.ConnectionReset) && !(error instanceof Deno.errors.BrokenPipe)) throw error;
  }
  return text;
}

/** Reads a reply's text. */
export function replyOf(text: string): Reply {
  const end = text.indexOf("\r\n\r\n");
  const [first = "", ...lines] = text.slice(0, end).split("\r\n");
  const headers = new Map(lines.map((line): [string, string] => {
    const colon = line.indexOf(":");
    return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
  }));
  const raw = text.slice(end + 4);
  const body = headers.get("transfer-encoding") === "chunked" ? unchunked(raw) : raw;
  let json: Reply["json"];
  try {
    json = JSON.parse(body);
  } catch {
    json = undefined;
  }
  const status = Number(/^HTTP\/1\.1 ([0-9]{3}) /.exec(first)?.[1] ?? 0);
  return { status, headers, body, json, code: json?.errors?.[0]?.extensions?.code };
}

function unchunked(text: string): string {
  let body = "";
  for (let at = 0; at < text.length;) {
    const end = text.indexOf("\r\n", at), size = parseInt(text.slice(at, end), 16);
    if (!(size > 0)) break;
    body += text.slice(end + 2, end + 2 + size);
    at = end + 2 + size + 2;
  }
  return body;
}

/** Opens a subscription; its events as they come, until it ends or the reader stops. `subscribed`: it is open. */
export async function* events(
  server: Server,
  text: string,
  subscribed: () => void = () => {},
): AsyncGenerator<Reply["json"]> {
  const connection = await connect(server);
  try {
    await sendAll(connection, bytesOf(server, { ...query(text), headers: { accept: "text/event-stream" } }));
    const buffer = new Uint8Array(65536), decoder = new TextDecoder();
    let raw = "", given = 0;
    for (;;) {
      const size = await connection.read(buffer);
      if (size === null) throw new Error(`the stream ended before its end: ${raw.slice(-200)}`);
      raw += decoder.decode(buffer.subarray(0, size), { stream: true });
      if (!raw.includes("\r\n\r\n")) continue;
      subscribed();
      const reply = replyOf(raw);
      if (reply.status !== 200) throw new Error(`status ${reply.status}: ${reply.body}`);
      const blocks = reply.body.split("\n\n").slice(0, -1);
      for (const block of blocks.slice(given)) {
        given++;
        if (block.startsWith("event: complete")) return;
        if (block.startsWith("event: next")) yield JSON.parse(block.slice(block.indexOf("data: ") + 6));
      }
    }
  } finally {
    connection.close();
  }
}

/** That the server answers a good request. */
export async function answers(server: Server): Promise<void> {
  const reply = await ask(server, query("{ host { kernel } }"));
  if (reply.status !== 200 || typeof reply.json?.data?.host?.kernel !== "string") {
    throw new Error(`the server does not answer any more: ${reply.status} ${reply.body}`);
  }
}
