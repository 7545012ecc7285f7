import { SysError } from "../ffi/errno.ts";
import type { Sys } from "../ffi/sys.ts";
import { CLONE_NEWNET } from "../ffi/uapi.ts";
import type { Task } from "./task.ts";

/**
 * Makes something, such as a socket, in the network namespace of a task: the calling thread is in it for as long, and
 * what was made stays there. Throws `SysError` where it may not be entered.
 */
export function inNetNamespace<T>(sys: Sys, task: Task, make: () => T): T {
  using own = sys.open("/proc/thread-self/ns/net");
  using other = task.dir.open("ns/net");
  const entered = sys.try("setns", other.number, CLONE_NEWNET);
  if (entered < 0) throw new SysError(`setns(/proc/${task.pid}/ns/net)`, -entered);
  try {
    return make();
  } finally {
    // Nothing that comes after would be true of this process's own network.
    const back = sys.try("setns", own.number, CLONE_NEWNET);
    if (back < 0) throw new Error(`Cannot return to the own network namespace: errno ${-back}`);
  }
}
