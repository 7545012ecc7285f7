/** The compiled program, run as a user runs it, in surroundings that a test makes. */

/** The checkout. */
export const ROOT = new URL("../../", import.meta.url).pathname.replace(/\/$/, "");
/** The program under test; built when this module is loaded, if it is missing or older than its sources. */
export const BINARY = `${ROOT}/dist/cready`;
/** Debian's own tools, whatever the caller's PATH puts before them. */
export const PATH = "/usr/sbin:/usr/bin:/sbin:/bin";
/** Longer than anything takes on a loaded machine; a program that is not through by then hangs. */
const LIMIT_SECONDS = 60;

build();

function build(): void {
  const { success, stderr } = new Deno.Command(`${ROOT}/scripts/compile`, { stdin: "null" }).outputSync();
  if (!success) throw new Error(`Cannot build the program: ${new TextDecoder().decode(stderr)}`);
}

/** What became of a run. */
export interface Result {
  readonly code: number;
  readonly signal: Deno.Signal | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** How a program is started. */
export interface Start {
  /** Added to a PATH and LC_ALL=C; nothing else is inherited. */
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** Text for stdin; /dev/null where there is none. */
  readonly stdin?: string;
  /** Words before the program's own, such as `["setpriv", "--bounding-set=-all"]`. */
  readonly through?: readonly string[];
  /** Run in place of dist/cready. */
  readonly program?: string;
}

/** Runs cready with these words to its end. */
export function cready(words: readonly string[], start: Start = {}): Promise<Result> {
  return run([...(start.through ?? []), start.program ?? BINARY, ...words], start);
}

/** Runs a program to its end; kills it, and all that came of it, when it takes too long. */
export async function run(argv: readonly string[], start: Start = {}): Promise<Result> {
  const marker = crypto.randomUUID();
  const child = spawn(argv, marker, start);
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    for (const pid of processesWith(marker)) kill(pid, "SIGKILL");
  }, LIMIT_SECONDS * 1000);
  try {
    if (start.stdin !== undefined) {
      const writer = child.stdin.getWriter();
      // A program that does not read its input is no fault.
      await writer.write(new TextEncoder().encode(start.stdin)).catch(() => {});
      await writer.close().catch(() => {});
    }
    const { code, signal, stdout, stderr } = await child.output();
    if (late) throw new Error(`${argv.join(" ").slice(0, 200)} took longer than ${LIMIT_SECONDS} s`);
    return { code, signal, stdout: text(stdout), stderr: text(stderr) };
  } finally {
    clearTimeout(timer);
  }
}

/** Starts a program; `marker` is in its environment and so in that of all its children. */
export function spawn(argv: readonly string[], marker: string, start: Start = {}): Deno.ChildProcess {
  return new Deno.Command(argv[0]!, {
    args: argv.slice(1),
    clearEnv: true,
    env: { PATH, LC_ALL: "C", ...start.env, CREADY_TEST: marker },
    ...(start.cwd === undefined ? {} : { cwd: start.cwd }),
    stdin: start.stdin === undefined ? "null" : "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
}

/** Every process that was started with `marker`, and its children; none that is dead and only waits for its parent. */
export function processesWith(marker: string): number[] {
  return [...Deno.readDirSync("/proc")].map(({ name }) => Number(name)).filter((pid) => {
    if (!Number.isInteger(pid)) return false;
    try {
      return Deno.readTextFileSync(`/proc/${pid}/environ`).split("\0").includes(`CREADY_TEST=${marker}`);
    } catch {
      return false; // it is gone, or another user's
    }
  });
}

function kill(pid: number, signal: Deno.Signal): void {
  try {
    Deno.kill(pid, signal);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

/** A copy of the program that every user may run, wherever this checkout lies; removed when the test file is through. */
export async function publicCopy(): Promise<string> {
  const folder = await Deno.makeTempDir({ prefix: "cready-test-" });
  globalThis.addEventListener("unload", () => Deno.removeSync(folder, { recursive: true }));
  await Deno.chmod(folder, 0o755);
  await Deno.copyFile(BINARY, `${folder}/cready`);
  await Deno.chmod(`${folder}/cready`, 0o755);
  return `${folder}/cready`;
}

/** The words that run a program in tests/cli/sandbox.py. */
export function sandbox(...options: string[]): string[] {
  return ["python3", `${ROOT}/tests/cli/sandbox.py`, ...options, "--"];
}

/** The words that run a program in a shell that first does `redirect`, such as `>&-`. */
export function redirected(redirect: string): string[] {
  return ["sh", "-c", `exec "$0" "$@" ${redirect}`];
}

/** What arrived on a terminal of the program's own. */
export interface TerminalResult {
  readonly code: number;
  readonly signal: number | null;
  readonly terminal: string;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program with these descriptors on a terminal, in tests/cli/terminal.py. */
export async function onTerminal(
  descriptors: readonly number[],
  words: readonly string[],
  start: Start = {},
): Promise<TerminalResult> {
  const script = ["python3", `${ROOT}/tests/cli/terminal.py`, descriptors.join(",")];
  const { code, stdout, stderr } = await cready(words, { ...start, through: [...script, ...(start.through ?? [])] });
  if (code !== 0) throw new Error(`terminal.py failed: ${stderr}`);
  return JSON.parse(stdout);
}

/** Waits until `holds`, looking often; throws after `seconds`. */
export async function eventually(what: string, holds: () => boolean, seconds = 20): Promise<void> {
  const end = performance.now() + seconds * 1000;
  while (!holds()) {
    if (performance.now() > end) throw new Error(`not within ${seconds} s: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

function text(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}
