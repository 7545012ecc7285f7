import { TIOCGDEV, TIOCGPGRP, TIOCGPTN, TIOCGSID } from "../ffi/uapi.ts";
import { ttyIndex } from "../proc/fdinfo.ts";
import { makedev, S_IFCHR, S_IFMT } from "../proc/statx.ts";
import { borrow, isRefused } from "./borrow.ts";
import { isExternal, ttyKey } from "./external.ts";
import { type TerminalDriver, terminalDriver } from "./device_kind.ts";
import { withoutDeleted } from "./named_file.ts";
import type { OpenFile } from "./open_file.ts";
import { openFilesOf } from "./open_files.ts";
import type { Tree } from "./tree.ts";

const EIO = -5;
const EBADF = -9;
/** What criu numbers terminals by that have no number of their own. */
const SINGLE: Readonly<Partial<Record<TerminalDriver, number>>> = { console: 1002, vt: 1004, ctty: 1006, serial: 1010 };

/** A descriptor of a terminal. */
export interface Terminal {
  readonly file: OpenFile;
  /** As criu's messages name it; `ext` for one that --external names. */
  readonly driver: TerminalDriver | "ext";
  /** The number of a pseudo terminal; null where it is not known. */
  readonly index: number | null;
  /** For `--external`. */
  readonly key: string;
}

/** What the first descriptor of a terminal tells about it, as criu asks from inside of the task. */
export interface TerminalState {
  readonly terminal: Terminal;
  /** The session that it controls, of those that the task sees, as the caller's pid namespace has it; 0 for none. */
  readonly session: number;
  /** Its foreground process group, likewise. */
  readonly group: number;
  readonly hungUp: boolean;
  /** Whether it is open as a path only (O_PATH): then nothing can be asked. */
  readonly path: boolean;
}

/** All descriptors of terminals, in criu's order. */
export function terminalsOf(tree: Tree): Terminal[] {
  const { plan } = tree.around;
  return openFilesOf(tree).ofKind("PATH").flatMap((file) => {
    if (!file.stat || (file.stat.mode & S_IFMT) !== S_IFCHR) return [];
    const { rdevMajor, rdevMinor } = file.stat;
    const key = ttyKey(file.stat);
    const driver = isExternal(plan, key) ? "ext" : terminalDriver(rdevMajor, rdevMinor);
    return driver === null ? [] : [{ file, driver, key, index: indexOf(tree, file, driver) }];
  });
}

function indexOf(tree: Tree, file: OpenFile, driver: Terminal["driver"]): number | null {
  if (driver === "ptmx") return ttyIndex(file.info ?? "") ?? ask(tree, file, TIOCGPTN);
  if (driver !== "pts") return driver === "ext" ? null : SINGLE[driver]!;
  // criu takes the number that the last part of the name begins with: 0 for /dev/console.
  return parseInt(withoutDeleted(file.link).split("/").at(-1)!, 10) || 0;
}

/** What an ioctl writes as an int: null where it is refused, or the errno with a minus. */
function ask(tree: Tree, { task, fd }: OpenFile, request: number): number | null {
  const answer = askRaw(tree, { task, fd }, request);
  return answer === null || answer < 0 ? null : answer;
}

function askRaw(tree: Tree, { task, fd }: Pick<OpenFile, "task" | "fd">, request: number): number | null {
  const { sys } = tree.around;
  const { memory } = sys;
  const mark = memory.mark();
  try {
    const at = memory.alloc(8);
    const answer = borrow(sys, task, fd, (own) => sys.try("ioctl", own, request, at));
    if (isRefused(answer)) return null;
    return answer < 0 ? answer : memory.u32(at);
  } finally {
    memory.release(mark);
  }
}

/** Asks about a terminal; null where the caller may not. */
export function stateOf(tree: Tree, terminal: Terminal): TerminalState | null {
  const { file, driver } = terminal;
  const { task } = file;
  const session = askRaw(tree, file, TIOCGSID);
  if (session === null) return null;
  if (session === EIO) return { terminal, session: 0, group: 0, hungUp: true, path: false };
  if (session === EBADF) return { terminal, session: 0, group: 0, hungUp: false, path: true };
  if (driver === "ptmx" || (driver === "ext" && session > 0)) {
    // The other side's, which anybody may ask for.
    const group = askRaw(tree, file, TIOCGPGRP) ?? 0;
    return { terminal, session: visible(tree, task, session), group: Math.max(0, group), hungUp: false, path: false };
  }
  // Only the task itself is told of its own controlling terminal: which one that is stands in its stat.
  const { ttyNr, session: own, tpgid } = task.stat;
  const device = driver === "pts" ? makedev(file.stat!.rdevMajor, file.stat!.rdevMinor) : ask(tree, file, TIOCGDEV);
  const controls = ttyNr !== 0 && device === ttyNr;
  return {
    terminal,
    session: controls ? visible(tree, task, own) : 0,
    group: controls ? Math.max(0, tpgid) : 0,
    hungUp: false,
    path: false,
  };
}

/** A session as the task sees it: none where the leader is outside of its pid namespace. */
function visible(tree: Tree, task: OpenFile["task"], session: number): number {
  if (session <= 0) return 0;
  if (tree.task(session) || !tree.dumps("pid")) return session;
  return (task.stat.session === session && task.status.nsSids.at(-1) === 0) ? 0 : session;
}
