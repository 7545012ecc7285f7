/** Programs that are run to their end, and folders that go away. */

/** What became of a program. */
export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** How a program is started. */
export interface Start {
  readonly cwd?: string;
  /** Nothing else is inherited but PATH. */
  readonly env?: Readonly<Record<string, string>>;
}

const PATH = "/usr/sbin:/usr/bin:/sbin:/bin";
/** Longer than anything takes on a slow machine; what is not through by then hangs. */
const LIMIT = ["timeout", "--kill-after=10", "1200"];

/** Runs a program with nothing on stdin, in a session of its own. */
export async function ran(words: readonly string[], { cwd, env }: Start = {}): Promise<Ran> {
  const { code, stdout, stderr } = await new Deno.Command("setsid", {
    args: ["--wait", ...LIMIT, ...words],
    clearEnv: true,
    env: { PATH, LC_ALL: "C.UTF-8", ...env },
    ...(cwd === undefined ? {} : { cwd }),
    stdin: "null",
  }).output();
  const text = new TextDecoder();
  return { code, stdout: text.decode(stdout), stderr: text.decode(stderr) };
}

/** Its output; throws, with all that it said, where it failed. */
export async function must(words: readonly string[], start: Start = {}): Promise<string> {
  const { code, stdout, stderr } = await ran(words, start);
  if (code !== 0) throw new Error(`${words.join(" ")} ended with ${code}\n${stdout}${stderr}`);
  return stdout;
}

/** A temporary folder, removed at the end of the block. */
export class Folder implements AsyncDisposable {
  readonly path: string;

  /** On the disk, since there is more than fits into memory; not below the checkout, whose gates would look at it. */
  constructor(within = PLACE) {
    Deno.mkdirSync(within, { recursive: true });
    this.path = Deno.makeTempDirSync({ dir: within, prefix: ".test-" });
    Deno.chmodSync(this.path, 0o755);
  }

  at(name: string): string {
    return `${this.path}/${name}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await must(["rm", "-rf", "--one-file-system", this.path]);
  }
}

/** The checkout. */
export const ROOT = new URL("../../", import.meta.url).pathname.replace(/\/$/, "");
/** Where the tools are, which are not fetched once more for a test. */
export const CACHE = Deno.env.get("CREADY_CACHE") ??
  `${Deno.env.get("XDG_CACHE_HOME") ?? `${Deno.env.get("HOME")}/.cache`}/cready`;
/** Where the tests build. */
export const PLACE = `${CACHE}/packages-tests`;
/** For scripts of this project: where the tools are, and how the network is reached. */
export const SCRIPT_ENV: Readonly<Record<string, string>> = {
  ...Object.fromEntries(
    Object.entries(Deno.env.toObject()).filter(([name]) => !/^(LC_|LANG|TZ$|GIT_|SOURCE_DATE)/.test(name)),
  ),
  CREADY_CACHE: CACHE,
};
