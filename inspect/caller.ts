import { SysError } from "../ffi/errno.ts";
import type { Sys } from "../ffi/sys.ts";
import { type Capability, holds } from "../host/capability.ts";
import { type CgroupLine, parseCgroup } from "../proc/cgroup.ts";
import { ProcDir } from "../proc/dir.ts";
import { ProcParseError } from "../proc/error.ts";
import { type Mount, parseMountinfo } from "../proc/mountinfo.ts";
import { type NsKind, parseNsLink } from "../proc/ns.ts";
import { parseTaskStat, type TaskStat } from "../proc/task_stat.ts";
import { parseTaskStatus, type TaskStatus } from "../proc/task_status.ts";

/** This process, in whose place criu would be started: its rights, its namespaces, its ancestors. */
export class Caller {
  readonly #sys: Sys;
  readonly #dir: ProcDir;
  readonly status: TaskStatus;
  readonly stat: TaskStat;

  /** Throws `SysError` where /proc does not show this process. */
  constructor(sys: Sys) {
    this.#sys = sys;
    this.#dir = ProcDir.open(sys, "/proc/self");
    this.status = parseTaskStatus(this.#dir.text("status"));
    this.stat = parseTaskStat(this.#dir.text("stat"));
  }

  get pid(): number {
    return this.status.pid;
  }

  /** The effective uid. */
  get euid(): number {
    return this.status.uids[1]!;
  }

  has(capability: Capability): boolean {
    return holds(this.status.capEff, capability);
  }

  readonly #ns = new Map<NsKind, number | null>();
  /** The inode of a namespace; null where the kernel has no such kind. */
  ns(kind: NsKind): number | null {
    let found = this.#ns.get(kind);
    if (found === undefined) {
      found = quietly(() => parseNsLink(this.#dir.link(`ns/${kind}`)));
      this.#ns.set(kind, found);
    }
    return found;
  }

  #mountinfo: readonly Mount[] | undefined;
  get mountinfo(): readonly Mount[] {
    return this.#mountinfo ??= quietly(() => parseMountinfo(this.#dir.text("mountinfo"))) ?? [];
  }

  #cgroup: readonly CgroupLine[] | undefined;
  get cgroup(): readonly CgroupLine[] {
    return this.#cgroup ??= quietly(() => parseCgroup(this.#dir.text("cgroup"))) ?? [];
  }

  #ancestors: ReadonlySet<number> | undefined;
  /** This process and all that it descends from. */
  get ancestors(): ReadonlySet<number> {
    if (this.#ancestors) return this.#ancestors;
    const found = new Set([this.pid]);
    for (let pid = this.stat.ppid; pid > 0 && !found.has(pid);) {
      found.add(pid);
      pid = quietly(() => {
        using dir = ProcDir.open(this.#sys, `/proc/${pid}`);
        return parseTaskStat(dir.text("stat")).ppid;
      }) ?? 0;
    }
    return this.#ancestors = found;
  }
}

function quietly<T>(read: () => T): T | null {
  try {
    return read();
  } catch (error) {
    if (error instanceof SysError || error instanceof ProcParseError) return null;
    throw error;
  }
}
