/**
 * Where the examples of the documentation run: as root, in mount, PID and network namespaces of their own, with a copy
 * of /etc, an empty /run and /var/lib, a folder to work in, and cready and the real criu in PATH. Nothing of it is left.
 */
import assert from "node:assert/strict";
import { BINARY, PATH, ROOT, run } from "../cli/binary.ts";
import { type Example, patternOf } from "./example.ts";

/** Longer than any example takes on a loaded machine. */
const LIMIT_SECONDS = 50;

const FOLDERS_OF_OTHERS = ["/var/lib/prometheus/node-exporter", "/etc/kubernetes/node-feature-discovery/features.d"];

/** A copy of /etc for all of them. */
const etc = await copyOfEtc();

async function copyOfEtc(): Promise<string> {
  const folder = Deno.makeTempDirSync({ prefix: "cready-docs-" });
  globalThis.addEventListener("unload", () => Deno.removeSync(folder, { recursive: true }));
  const { code, stderr } = await run(["cp", "-a", "/etc/.", folder]);
  assert.equal(code, 0, stderr);
  Deno.chmodSync(folder, 0o755);
  return folder;
}

const SURROUNDINGS = `
  mount -t tmpfs -o mode=755 none /run
  mount -t tmpfs -o mode=755 none /var/lib
  mount --bind ${etc} /etc
  mkdir -p ${FOLDERS_OF_OTHERS.join(" ")}
  cd "$FOLDER/work"
  exec python3 ${ROOT}/tests/docs/session.py`;

/** What became of a command. */
export interface Seen {
  readonly output: string;
  /** Null where the command did not end, or did not say what it should, in time. */
  readonly code: number | null;
}

/** Runs an example; throws, with all that was seen, where it is not as the documentation says. */
export async function runExample(example: Example, criu: string): Promise<void> {
  check(example, await type(example, criu));
}

/** How a session differs from that of an example. */
export interface Session {
  /** Added to the environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** What a shell does before, in the mount namespace of the session. */
  readonly preparation?: string;
  /** How wide the terminal is; 100 unless said. */
  readonly columns?: number;
}

/** Types the steps of an example, and returns what was seen of each, until the first that does not end. */
export async function type({ where, steps }: Example, criu: string, session: Session = {}): Promise<Seen[]> {
  const folder = Deno.makeTempDirSync({ prefix: "cready-docs-" });
  try {
    for (const name of ["bin", "work", "home"]) Deno.mkdirSync(`${folder}/${name}`);
    Deno.symlinkSync(BINARY, `${folder}/bin/cready`);
    Deno.symlinkSync(criu, `${folder}/bin/criu`);
    const request = {
      limit: LIMIT_SECONDS,
      columns: session.columns ?? 100,
      steps: steps.map(({ command, output }) => ({ command, pattern: patternOf(output) })),
    };
    const { code, stdout, stderr } = await run(
      [
        "unshare",
        "--mount",
        "--net",
        "--pid",
        "--fork",
        "--kill-child",
        "--mount-proc",
        "sh",
        "-e",
        "-c",
        `${session.preparation ?? ""}\n${SURROUNDINGS}`,
      ],
      {
        env: {
          FOLDER: folder,
          PATH: `${folder}/bin:${PATH}`,
          HOME: `${folder}/home`,
          LC_ALL: "C.UTF-8",
          NO_COLOR: "1",
          TERM: "dumb",
          ...session.env,
        },
        stdin: JSON.stringify(request),
      },
    );
    assert.equal(code, 0, `${where}: the session failed: ${stdout}${stderr}`);
    return JSON.parse(stdout);
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}

function check({ where, steps, codes }: Example, seen: readonly Seen[]): void {
  for (const [index, { command, output }] of steps.entries()) {
    const told = seen[index];
    const text = told?.output ?? "";
    const all = `${where}: ${command}\n--- expected\n${output.join("\n")}\n--- seen (exit code ${told?.code})\n${text}`;
    assert(told, `not run: ${all}`);
    assert(told.code !== null, `not ended, or not all said, in time: ${all}`);
    assert.doesNotMatch(text, /itself failed|unrecognized option|panicked/, all);
    // A terminal that is followed by a prompt needs no newline.
    const whole = text === "" || text.endsWith("\n") ? text : `${text}\n`;
    assert(new RegExp(`^${patternOf(output)}$`, "s").test(whole), all);
    const next = steps[index + 1]?.command ?? "";
    if (next !== "echo $?") assert((command.endsWith(" &") ? [0] : codes).includes(told.code), all);
  }
}
