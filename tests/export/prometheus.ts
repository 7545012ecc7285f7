/** The real Prometheus, promtool and node_exporter, on ports of the loopback that are free. */
const root = new URL("../../", import.meta.url);

const made = new Deno.Command(new URL("scripts/prometheus", root), { stderr: "inherit" }).outputSync();
/** The folder of the three programs. */
export const PROGRAMS = new TextDecoder().decode(made.stdout).trim();
if (!made.success || !PROGRAMS) {
  throw new Error("Prometheus could not be fetched: these tests ask it, and are not skipped");
}

/** Runs promtool to its end. */
export async function promtool(args: readonly string[], stdin = ""): Promise<{ code: number; text: string }> {
  const child = new Deno.Command(`${PROGRAMS}/promtool`, {
    args: [...args],
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(stdin));
  await writer.close();
  const { code, stdout, stderr } = await child.output();
  return { code, text: new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr) };
}

/** A port that nobody listens on now. */
export function freePort(): number {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr as Deno.NetAddr;
  listener.close();
  return port;
}

/** A program that serves HTTP until it is disposed of. */
export class Server implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #said: Promise<string>;
  private constructor(readonly url: string, child: Deno.ChildProcess) {
    this.#child = child;
    this.#said = new Response(child.stderr).text();
  }

  /** Starts it, and waits until it answers at `ready`. */
  static async start(program: string, port: number, ready: string, args: readonly string[]): Promise<Server> {
    const child = new Deno.Command(`${PROGRAMS}/${program}`, {
      args: [...args],
      stdin: "null",
      stdout: "null",
      stderr: "piped",
    }).spawn();
    const server = new Server(`http://127.0.0.1:${port}`, child);
    let ended = false;
    child.status.then(() => ended = true);
    for (const end = performance.now() + 120_000;;) {
      const answer = await fetch(`${server.url}${ready}`).catch(() => undefined);
      await answer?.body?.cancel();
      if (answer?.ok) return server;
      if (ended || performance.now() > end) {
        await server[Symbol.asyncDispose]();
        throw new Error(`${program} does not answer: ${await server.#said}`);
      }
      await new Promise((go) => setTimeout(go, 50));
    }
  }

  /** The answer at a path, as JSON. */
  async json(path: string): Promise<unknown> {
    return await (await fetch(`${this.url}${path}`)).json();
  }

  /** The series of an instant query: labels and value. */
  async query(expression: string, time?: number): Promise<{ metric: Record<string, string>; value: number }[]> {
    const at = time === undefined ? "" : `&time=${time}`;
    const answer = await this.json(`/api/v1/query?query=${encodeURIComponent(expression)}${at}`) as {
      status: string;
      error?: string;
      data: { result: { metric: Record<string, string>; value: [number, string] }[] };
    };
    if (answer.status !== "success") throw new Error(`${expression}: ${answer.error}`);
    return answer.data.result.map(({ metric, value }) => ({ metric, value: Number(value[1]) }));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.#child.kill("SIGKILL");
    } catch {
      // it has ended by itself
    }
    await this.#child.status;
    await this.#said;
  }
}

/** Waits until `look` gives something; throws after two minutes, which nothing takes. */
export async function until<T>(what: string, look: () => Promise<T | undefined>): Promise<T> {
  for (const end = performance.now() + 120_000;;) {
    const found = await look();
    if (found !== undefined) return found;
    if (performance.now() > end) throw new Error(`not within two minutes: ${what}`);
    await new Promise((go) => setTimeout(go, 200));
  }
}
