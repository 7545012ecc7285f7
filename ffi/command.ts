import { SysError, TimeoutError } from "./errno.ts";
import { Fd } from "./fd.ts";
import type { Memory } from "./memory.ts";
import { Subject } from "./subject.ts";
import type { Sys } from "./sys.ts";
import { AT_FDCWD, O_CLOEXEC, O_NONBLOCK, O_RDWR, PTRACE_O_TRACEEXEC, SIGKILL, SIGTRAP } from "./uapi.ts";
import { DEADLINE_MS, nap, type Status, waited } from "./wait.ts";

const F_DUPFD_CLOEXEC = 1030;
const F_SETFL = 4;
const SIGPIPE = 13;
/** Above every descriptor that is going to be replaced. */
const ABOVE_STANDARD = 10;
const OUTPUT_LIMIT = 64 * 1024;
const CHUNK = 4096;
const NAP_NS = 200_000;
/** What execvp(3) uses where PATH is not set. */
export const DEFAULT_PATH = "/bin:/usr/bin";

/** What a program did. */
export interface ProgramResult {
  /** How it ended. */
  readonly status: Exclude<Status, { kind: "stopped" }>;
  /** What it wrote to its standard output, at most 64 kB of it. */
  readonly output: string;
}

/** How a program ended, in words. */
export function ending(status: ProgramResult["status"]): string {
  return status.kind === "exited" ? `exit code ${status.code}` : `signal ${status.signal}`;
}

/** How a program is run. */
export interface ProgramOptions {
  /** After so many milliseconds it is killed, with all that it started. */
  readonly timeoutMs?: number;
  /** Its standard error is part of the output instead of being dropped. */
  readonly withErrors?: boolean;
  /** One of our descriptors, which it has as INHERITED. */
  readonly inherited?: number;
}

/** The number under which a program has the descriptor that it inherits. */
export const INHERITED = 3;

/**
 * Runs the program at `path`, with `args` after its own name. It has no input, its standard error is dropped unless
 * asked for, its environment is PATH alone. It is killed at the deadline (`TimeoutError`) and with cready.
 * Throws `SysError` where it cannot be run.
 */
export function runProgram(
  sys: Sys,
  path: string,
  args: readonly string[],
  { timeoutMs = DEADLINE_MS, withErrors = false, inherited }: ProgramOptions = {},
): ProgramResult {
  const text = `execve(${[path, ...args].join(" ")})`;
  const { memory } = sys;
  const mark = memory.mark();
  try {
    // All that the child uses has to be in the memory before the child is made.
    const file = memory.cstring(path);
    const argv = strings(memory, [path, ...args]);
    const envp = strings(memory, [`PATH=${sys.libc.getenv("PATH") ?? DEFAULT_PATH}`]);
    const devNull = memory.cstring("/dev/null");
    const defaultAction = memory.alloc(64); // struct sigaction of the kernel, SIG_DFL
    const pair = memory.alloc(8);
    sys.call("pipe2", pair, O_CLOEXEC);
    using reader = new Fd(sys, memory.i32(pair));
    using writer = new Fd(sys, memory.i32(pair + 4));
    // Only our end must not block; the program's is an ordinary pipe.
    sys.call("fcntl", reader.number, F_SETFL, O_NONBLOCK);
    using child = Subject.start(sys, { options: PTRACE_O_TRACEEXEC });
    prepare(child, writer.number, withErrors, devNull, defaultAction, inherited);
    const refused = child.sys.try("execve", file, argv, envp);
    if (refused < 0) throw new SysError(text, -refused);
    return follow(sys, child, reader, text, timeoutMs);
  } finally {
    memory.release(mark);
  }
}

function strings(memory: Memory, list: readonly string[]): number {
  const pointers = list.map((one) => memory.cstring(one));
  const array = memory.alloc((list.length + 1) * 8);
  pointers.forEach((pointer, i) => memory.setU64(array + i * 8, pointer));
  return array;
}

/** Gives the child its standard descriptors and what a program expects; nothing else of ours. */
function prepare(
  { sys }: Subject,
  writer: number,
  withErrors: boolean,
  devNull: number,
  defaultAction: number,
  inherited: number | undefined,
): void {
  const out = sys.call("fcntl", writer, F_DUPFD_CLOEXEC, ABOVE_STANDARD);
  const nothing = sys.ask("openat(/dev/null)", AT_FDCWD, devNull, O_RDWR, 0);
  const inAndError = sys.call("fcntl", nothing, F_DUPFD_CLOEXEC, ABOVE_STANDARD);
  sys.call("dup3", inAndError, 0, 0);
  sys.call("dup3", out, 1, 0);
  sys.call("dup3", withErrors ? out : inAndError, 2, 0);
  if (inherited !== undefined) {
    const kept = sys.call("fcntl", inherited, F_DUPFD_CLOEXEC, ABOVE_STANDARD);
    sys.call("dup3", kept, INHERITED, 0);
  }
  // Since Linux 5.9; before, exec closes what this process has opened, and what it inherited stays open.
  sys.try("close_range", inherited === undefined ? INHERITED : INHERITED + 1, 0xffffffff, 0);
  // A process group of its own, which can be killed as a whole.
  sys.call("setsid");
  // Deno ignores it, and what is ignored stays so; handlers are undone by exec.
  sys.call("rt_sigaction", SIGPIPE, defaultAction, 0, 8);
}

/** Lets the program run to its end, and reads what it says. */
function follow(sys: Sys, child: Subject, reader: Fd, text: string, timeoutMs: number): ProgramResult {
  const { memory } = sys;
  const at = memory.alloc(CHUNK);
  const output = new Uint8Array(OUTPUT_LIMIT);
  let size = 0;
  const drain = () => {
    // What is beyond the limit is read too, so that the program does not wait for us.
    for (let got; (got = sys.try("read", reader.number, at, CHUNK)) > 0;) {
      const part = memory.bytes(at, Math.min(got, OUTPUT_LIMIT - size));
      output.set(part, size);
      size += part.length;
      if (performance.now() > until) return;
    }
  };
  const start = performance.now();
  const until = Math.min(start + timeoutMs, sys.until);
  child.resume();
  for (;;) {
    const status = child.poll();
    drain();
    if (status === null) nap(sys, NAP_NS);
    else if (status.kind !== "stopped") return { status, output: new TextDecoder().decode(output.subarray(0, size)) };
    // It is traced, so its signals stop it first; they are its own affair.
    else child.resume(status.event !== 0 || status.signal === SIGTRAP ? 0 : status.signal);
    if (performance.now() > until) {
      sys.try("kill", -child.pid, SIGKILL);
      throw new TimeoutError(text, waited(start, until));
    }
  }
}
