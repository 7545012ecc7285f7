/** Real criu, in a sandbox: dump, and restore in further PID and mount namespaces. */
import type { Sandbox } from "./sandbox.ts";

/** Where the images go: a tmpfs of the sandbox, gone with it. */
const IMAGES = "/run/cready-truth/images";
const ROOT = "/run/cready-truth/root";
const PIDFILE = "/run/cready-truth/pid";

/** A criu to be the judge. */
export interface Criu {
  readonly version: string;
  readonly program: string;
  /** PATH with its network tools. */
  readonly path: string;
}

/** What criu said of one dump or restore. */
export interface Said {
  readonly ok: boolean;
  /** The lines of level error without file and line number, in order. */
  readonly errors: readonly string[];
  readonly log: string;
  readonly ms: number;
}

/** The criu of scripts/criu, by version. */
export async function criu(version: string): Promise<Criu> {
  const script = new URL("../../scripts/criu", import.meta.url).pathname;
  const ask = async (word: string) => {
    const { code, stdout } = await new Deno.Command(script, { args: [word, version], stderr: "inherit" }).output();
    if (code !== 0) throw new Error(`scripts/criu ${word} ${version} failed`);
    return new TextDecoder().decode(stdout).trim();
  };
  const [program, tools] = [await ask("--path"), await ask("--tools")];
  return { version, program, path: `${tools}:/usr/sbin:/usr/bin:/sbin:/bin` };
}

/** A log as text: names in it may be of any bytes, and a line that is no UTF-8 has them as \\xNN, as cready writes them. */
export function textOf(log: Uint8Array): string {
  const strict = new TextDecoder("utf-8", { fatal: true });
  const lines: string[] = [];
  for (let from = 0; from <= log.length;) {
    const end = log.indexOf(10, from);
    const line = log.subarray(from, end < 0 ? log.length : end);
    try {
      lines.push(strict.decode(line));
    } catch {
      const parts = Array.from(line, (byte) => (byte < 0x80 ? String.fromCharCode(byte) : `\\x${byte.toString(16)}`));
      lines.push(parts.join(""));
    }
    if (end < 0) break;
    from = end + 1;
  }
  return lines.join("\n");
}

/** The texts of level error in a log. */
export function errorsOf(log: string): string[] {
  return [...log.matchAll(/^(?:\([\d.]+\) )?(?: *\d+: )?Error \([^)]*\): (.*)$/gm)].map((found) => found[1]!)
    // It goes on after this one, which stands in every log of a root without CAP_SYS_RESOURCE.
    .filter((text) => !text.startsWith("rlimit: Can't setup RLIMIT_NOFILE"));
}

async function said(
  sandbox: Sandbox,
  words: readonly string[],
  judge: Criu,
  log: string,
  seconds: number,
): Promise<Said> {
  const from = performance.now();
  const outcome = await sandbox.run(words, { PATH: judge.path }, seconds);
  const ms = Math.round(performance.now() - from);
  let text = "";
  try {
    text = textOf(await Deno.readFile(sandbox.path(`${IMAGES}/${log}`)));
  } catch {
    // It ended before it opened its log; what it said is on standard error.
  }
  const ok = outcome.code === 0;
  const errors = errorsOf(text || outcome.stderr);
  if (outcome.code === 137) errors.push(`no end after ${seconds} s`);
  return { ok, errors, log: text || outcome.stderr, ms };
}

/** `criu dump`; a dumped tree is gone, a refused one goes on. */
export async function dump(sandbox: Sandbox, judge: Criu, options: readonly string[]): Promise<Said> {
  await sandbox.run(["rm", "-rf", IMAGES]);
  await sandbox.run(["mkdir", IMAGES]);
  const words = [judge.program, "dump", "-t", `${sandbox.root}`, "-D", IMAGES, "-o", "dump.log", "-v4", ...options];
  return said(sandbox, words, judge, "dump.log", 25);
}

/**
 * `criu restore` of what was dumped; it counts as restored when the root is there once criu has ended. A tree with mounts of its
 * own gets a root to mount them on, as criu wants it.
 */
export function restore(sandbox: Sandbox, judge: Criu, options: readonly string[]): Promise<Said> {
  const script = `mkdir ${ROOT} && mount --bind / ${ROOT} && "$@" && kill -0 "$(cat ${PIDFILE})"`;
  const words = [
    "unshare",
    "--pid",
    "--fork",
    "--kill-child",
    "--mount",
    "--mount-proc",
    "sh",
    "-c",
    script,
    "restore",
  ];
  words.push(judge.program, "restore", "-d", "-D", IMAGES, "-o", "restore.log", "-v4", "--pidfile", PIDFILE);
  words.push("--root", ROOT);
  return said(sandbox, [...words, ...options], judge, "restore.log", 20);
}
