/** A specimen at rest in namespaces of its own, and words run beside it in the same ones. */

const FACTORY = new URL("../specimens/specimen.py", import.meta.url).pathname;
/** Debian's own, since specimens say which libraries are mapped; a version manager's may come first in PATH. */
export const PYTHON = "/usr/bin/python3";
/** Far above what a specimen takes to come about on a busy machine. */
const LIMIT_MS = 120_000;

/** A row of the factory's table. */
export interface Specimen {
  readonly name: string;
  /** What it makes. */
  readonly about: string;
  /** The kind of resource: the file of the factory that has it. */
  readonly kind: string;
  /** Names of the rules that it is about. */
  readonly rules: readonly string[];
  readonly sort: "positive" | "near miss";
  /** What becomes of it; `host` where the kernel or the file system decides. */
  readonly dump: "dumped" | "refused" | "options" | "host";
  readonly restore: string | null;
  readonly needs: readonly string[];
  /** The tree of packages that it lives in; null for that of the machine. */
  readonly world: "programs" | null;
}

/** What sandboxes need of the machine. */
export interface Machine {
  /** A folder for what they leave, removed afterwards. */
  readonly scratch: string;
  /** PATH, with the network's tools. */
  readonly path: string;
  /** The everyday programs of scripts/programs. */
  readonly programs: string;
  /** Folders that are seen at the same place in there. */
  readonly folders: readonly string[];
  /** Deno's program. */
  readonly deno: string;
}

/** What a command left behind. */
export interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** The table of the factory. */
export async function specimens(): Promise<Specimen[]> {
  const { code, stdout, stderr } = await new Deno.Command(PYTHON, { args: [FACTORY, "--list"], stdin: "null" })
    .output();
  if (code !== 0) throw new Error(new TextDecoder().decode(stderr));
  return new TextDecoder().decode(stdout).trim().split("\n").map((line) => JSON.parse(line));
}

/** A specimen that this machine's kernel cannot make: its row says what it needs. */
export class Unmade extends Error {}

/** Exit code of the factory for those. */
const UNMADE = 3;

/** A running specimen; it ends with all that it made when it is disposed of. */
export class Sandbox implements AsyncDisposable {
  private constructor(
    private readonly child: Deno.ChildProcess,
    private readonly scratch: string,
    /** Its PID 1, as numbered here. */
    readonly init: number,
    /** The root of the tree, as numbered inside. */
    readonly root: number,
  ) {}

  /** Starts a specimen. */
  static async start(name: string, machine: Machine): Promise<Sandbox> {
    const folder = await Deno.makeTempDir({ dir: machine.scratch });
    await Deno.chmod(folder, 0o755);
    const child = new Deno.Command(PYTHON, {
      args: [FACTORY, "--sandbox", name],
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
      env: {
        TMPDIR: folder,
        PATH: machine.path,
        CREADY_WORLD: machine.programs,
        CREADY_WORLD_FOLDERS: machine.folders.join(":"),
        CREADY_DENO: machine.deno,
      },
    }).spawn();
    const stderr = new Response(child.stderr).text();
    const timer = setTimeout(() => child.kill("SIGKILL"), LIMIT_MS);
    try {
      let said = "";
      for await (const piece of child.stdout.pipeThrough(new TextDecoderStream())) {
        said += piece;
        if (said.includes("\n")) break;
      }
      const root = Number(/^(\d+) ready\n/.exec(said)?.[1]);
      if (!root) {
        const words = (await stderr).trim() || said;
        const { code } = await child.status;
        throw code === UNMADE ? new Unmade(words.split("\n").at(-1)) : new Error(`${name}: ${words}`);
      }
      const init = Number(await Deno.readTextFile(`/proc/${child.pid}/task/${child.pid}/children`));
      return new Sandbox(child, folder, init, root);
    } catch (error) {
      await child.stdin.close().catch(() => {});
      await child.status;
      await Deno.remove(folder, { recursive: true });
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }

  /** The private folder of the specimen. */
  async folder(): Promise<string> {
    for await (const { name } of Deno.readDir(this.scratch)) {
      if (name.startsWith("cready-specimen-")) return `${this.scratch}/${name}`;
    }
    throw new Error("the specimen has no folder");
  }

  /** A path of the sandbox, as seen from here. */
  path(inside: string): string {
    return `/proc/${this.init}/root${inside}`;
  }

  /** Runs words in the sandbox, without a terminal, in a session of their own. */
  async run(words: readonly string[], env: Record<string, string> = {}, seconds = 60): Promise<Outcome> {
    const { code, stdout, stderr } = await new Deno.Command("nsenter", {
      args: [
        "--target",
        `${this.init}`,
        "--mount",
        "--net",
        "--ipc",
        "--pid",
        "--",
        "timeout",
        "-s",
        "KILL",
        `${seconds}`,
        "setsid",
        "--wait",
        ...words,
      ],
      stdin: "null",
      env,
    }).output();
    const text = new TextDecoder();
    return { code, stdout: text.decode(stdout), stderr: text.decode(stderr) };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.child.stdin.close().catch(() => {});
    const timer = setTimeout(() => this.child.kill("SIGKILL"), LIMIT_MS);
    await this.child.status;
    clearTimeout(timer);
    await Deno.remove(this.scratch, { recursive: true });
  }
}
