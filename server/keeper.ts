import { SysError } from "../ffi/errno.ts";
import type { Fd } from "../ffi/fd.ts";
import type { Libc } from "../ffi/libc.ts";
import { receiveMessage, sendMessage } from "../ffi/socket.ts";
import { spawnSelf } from "../ffi/spawn.ts";
import { Sys } from "../ffi/sys.ts";
import { SIGHUP, SIGINT, SIGKILL } from "../ffi/uapi.ts";
import { type Status, waitFor } from "../ffi/wait.ts";
import { removeFiles, type SocketFile, socketFile } from "./socket_file.ts";

const SOCKET = 0;
const SIGTERM = 15;
const SIG_IGN = 1;
const REAP_MS = 1000;

/**
 * Holds the rights that the serving process has given up, and does three things with them: starts a prober, ends one,
 * removes the socket's file. Ends, with all its probers, when the serving process ends.
 */
export function keep(libc: Libc, paths: readonly string[]): void {
  const sys = new Sys(libc, []);
  const socketFiles = paths.map((path) => socketFile(sys, path));
  ignoreSignals(sys);
  const probers = new Set<number>();
  try {
    for (let message; (message = receiveMessage(sys, SOCKET)) !== undefined;) {
      using _passed = message.passed;
      sendMessage(sys, SOCKET, JSON.stringify(obey(sys, message.text, message.passed, probers, socketFiles)));
    }
  } catch (error) {
    // The serving process is gone.
    if (!(error instanceof SysError)) throw error;
  } finally {
    for (const pid of probers) end(sys, pid);
    removeFiles(sys, socketFiles);
  }
}

function obey(
  sys: Sys,
  text: string,
  passed: Fd | null,
  probers: Set<number>,
  socketFiles: readonly SocketFile[],
): Record<string, unknown> {
  const [word, argument] = text.split(" ");
  if (word === "start" && passed) {
    try {
      const pid = spawnSelf(["cready", "prober", String(sys.call("getpid"))], passed.number);
      probers.add(pid);
      return { started: pid };
    } catch (error) {
      if (error instanceof SysError) return { failed: error.message };
      throw error;
    }
  }
  const pid = Number(argument);
  if (word === "end" && probers.delete(pid)) return { ended: pid, how: end(sys, pid) };
  if (word === "remove") return { removed: removeFiles(sys, socketFiles) };
  return { failed: "unknown order" };
}

/** Kills a prober, unless it has ended, and says how it ended. */
function end(sys: Sys, pid: number): string {
  const before = look(sys, pid, 0);
  if (before) return words(before);
  sys.try("kill", pid, SIGKILL);
  const after = look(sys, pid, REAP_MS);
  return after ? words(after) : "does not end";
}

function look(sys: Sys, pid: number, deadlineMs: number): Status | null {
  try {
    return waitFor(sys, pid, "end of a prober", deadlineMs);
  } catch {
    return null;
  }
}

function words(status: Status): string {
  return status.kind === "exited" ? `exited with code ${status.code}` : `was ${status.kind} by signal ${status.signal}`;
}

/** The end of the serving process ends it; a Ctrl-C, or whoever ends a whole service, must not come before. */
function ignoreSignals(sys: Sys): void {
  const { memory } = sys;
  const mark = memory.mark();
  const action = memory.alloc(64); // struct sigaction of the kernel; the handler is its first word
  memory.setU64(action, SIG_IGN);
  for (const signal of [SIGHUP, SIGINT, SIGTERM]) sys.call("rt_sigaction", signal, action, 0, 8);
  memory.release(mark);
}
