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

/** What all of them share, where every user may read it: a copy of /etc, cready, and the real criu. */
const shared = await share();

async function share(): Promise<string> {
  const folder = Deno.makeTempDirSync({ prefix: "cready-docs-" });
  globalThis.addEventListener("unload", () => Deno.removeSync(folder, { recursive: true }));
  Deno.chmodSync(folder, 0o755);
  const done = async (...argv: string[]) => {
    const { code, stdout, stderr } = await run(argv, { env: { HOME: Deno.env.get("HOME") ?? "/" } });
    assert.equal(code, 0, `${argv.join(" ")}: ${stderr}`);
    return stdout.trim();
  };
  await done("cp", "-a", "/etc", `${folder}/etc`);
  await done("install", "-D", "-m", "755", BINARY, `${folder}/bin/cready`);
  // The loader, the option that names the folder with its libraries, that folder, and the program.
  const [loader, option, libraries, program] = (await done(`${ROOT}/scripts/criu`, "--argv")).split("\n") as [
    string,
    string,
    string,
    string,
  ];
  await done("cp", "-r", libraries, `${folder}/lib`);
  await done("install", "-m", "755", program, `${folder}/lib/criu`);
  const words = [
    `${folder}/lib/${loader.slice(loader.lastIndexOf("/") + 1)}`,
    option,
    `${folder}/lib`,
    `${folder}/lib/criu`,
  ];
  Deno.writeTextFileSync(`${folder}/bin/criu`, `#!/bin/sh\nexec ${words.join(" ")} "$@"\n`);
  Deno.chmodSync(`${folder}/bin/criu`, 0o755);
  await done("chmod", "-R", "a+rX", `${folder}/lib`, `${folder}/bin`);
  return folder;
}

const SURROUNDINGS = `
  mount -t tmpfs -o mode=755 none /run
  mount -t tmpfs -o mode=755 none /var/lib
  mount --bind ${shared}/etc /etc
  mkdir -p ${FOLDERS_OF_OTHERS.join(" ")}
  cd "$FOLDER/place"
  exec python3 ${ROOT}/tests/docs/session.py`;

/** What became of a command. */
export interface Seen {
  readonly output: string;
  /** Null where the command did not end, or did not say what it should, in time. */
  readonly code: number | null;
}

/** Runs an example; throws, with all that was seen, where it is not as the documentation says. */
export async function runExample(example: Example): Promise<void> {
  check(example, await type(example));
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
export async function type({ where, steps }: Example, session: Session = {}): Promise<Seen[]> {
  const folder = Deno.makeTempDirSync({ prefix: "cready-docs-" });
  try {
    Deno.chmodSync(folder, 0o755);
    for (const name of ["place", "home"]) Deno.mkdirSync(`${folder}/${name}`);
    Deno.symlinkSync(`${ROOT}/docs`, `${folder}/place/docs`);
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
          BIN: `${shared}/bin`,
          PATH: `${shared}/bin:${PATH}`,
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
