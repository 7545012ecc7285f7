import { SysError } from "../ffi/errno.ts";
import { entries, readText, tryReadText } from "../ffi/files.ts";
import type { Sys } from "../ffi/sys.ts";
import { parseTaskStat } from "../proc/task_stat.ts";
import { ProcParseError } from "../proc/error.ts";

/** A process as the list of all of them has it. */
export interface Listed {
  readonly pid: number;
  readonly ppid: number;
  /** At most 15 bytes, without escapes. */
  readonly name: string;
  readonly kernelThread: boolean;
}

const PF_KTHREAD = 0x00200000;

/** All processes that /proc shows. */
export function listProcesses(sys: Sys): Listed[] {
  return entries(sys, "/proc").filter((name) => /^\d+$/.test(name)).flatMap((name) => {
    const text = tryReadText(sys, `/proc/${name}/stat`, 4096);
    if (text === undefined) return [];
    try {
      const { pid, ppid, comm, flags } = parseTaskStat(text);
      return [{ pid, ppid, name: comm, kernelThread: (flags & PF_KTHREAD) !== 0 }];
    } catch (error) {
      if (error instanceof ProcParseError) return [];
      throw error;
    }
  });
}

/** Those among them whose parent is not: the roots of their trees. */
export function rootsOf(chosen: readonly Listed[]): number[] {
  const pids = new Set(chosen.map(({ pid }) => pid));
  return chosen.filter(({ ppid }) => !pids.has(ppid)).map(({ pid }) => pid);
}

/** The roots of the processes with a name: the kernel's 15 bytes, or the whole name of the program's file. */
export function rootsNamed(sys: Sys, name: string): number[] {
  const short = name.slice(0, 15);
  const chosen = listProcesses(sys).filter((one) =>
    !one.kernelThread && one.name === short && (name.length <= 15 || wholeName(sys, one.pid) === name)
  );
  return rootsOf(chosen);
}

/** What the program was called with as its first word, without its folder. */
function wholeName(sys: Sys, pid: number): string | undefined {
  const first = tryReadText(sys, `/proc/${pid}/cmdline`, 64 * 1024)?.split("\0", 1)[0];
  return first?.slice(first.lastIndexOf("/") + 1);
}

/** Where cgroup hierarchies are mounted. */
const CGROUPS = "/sys/fs/cgroup";

/**
 * The roots of the processes in a cgroup and those below it. `path` is a folder of a cgroup file system, or below one
 * as /proc/PID/cgroup has it. Throws `SysError` where there is no such cgroup.
 */
export function rootsInCgroup(sys: Sys, path: string): number[] {
  const members = new Set<number>();
  const queue = [folderOf(sys, path)];
  for (let folder; (folder = queue.pop()) !== undefined;) {
    for (const line of readText(sys, `${folder}/cgroup.procs`).split("\n")) if (line) members.add(Number(line));
    for (const name of entries(sys, folder)) {
      if (tryReadText(sys, `${folder}/${name}/cgroup.procs`, 1) !== undefined) queue.push(`${folder}/${name}`);
    }
  }
  return rootsOf(listProcesses(sys).filter(({ pid }) => members.has(pid)));
}

/** The folder of a cgroup: as it is given, or in the unified hierarchy, or in the first other one that has it. */
function folderOf(sys: Sys, path: string): string {
  const below = path.replace(/^\/+/, "").replace(/\/+$/, "");
  const places = [
    ...(path.startsWith("/") ? [path.replace(/\/+$/, "")] : []),
    `${CGROUPS}/${below}`,
    `${CGROUPS}/unified/${below}`,
    ...hierarchies(sys).map((name) => `${CGROUPS}/${name}/${below}`),
  ];
  const found = places.find((place) => tryReadText(sys, `${place}/cgroup.procs`, 1) !== undefined);
  if (found === undefined) throw new SysError(`open(${CGROUPS}/${below})`, 2 /* ENOENT */);
  return found;
}

function hierarchies(sys: Sys): string[] {
  try {
    return entries(sys, CGROUPS);
  } catch (error) {
    if (error instanceof SysError) return [];
    throw error;
  }
}

/**
 * Every tree of this host that somebody might dump: children of process 1 and of the kernel, and trees whose parent
 * /proc does not show. Process 1 itself and kernel threads are none; nor are those that descend to `self`.
 */
export function allRoots(sys: Sys): number[] {
  const all = listProcesses(sys).filter(({ kernelThread }) => !kernelThread);
  const pids = new Set(all.map(({ pid }) => pid));
  return all.filter(({ pid, ppid }) => pid !== 1 && (ppid <= 1 || !pids.has(ppid))).map(({ pid }) => pid);
}
