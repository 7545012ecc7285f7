import { SysError } from "../ffi/errno.ts";
import { access, entries, readBytes, readLink, readText, tryReadText } from "../ffi/files.ts";
import { Fd } from "../ffi/fd.ts";
import type { Sys } from "../ffi/sys.ts";
import { F_OK } from "../ffi/uapi.ts";
import { parseStatus, type Status } from "../proc/status.ts";
import { type Capability, holds } from "./capability.ts";
import { findSymbol, type Symbol } from "./kallsyms.ts";
import { Kconfig } from "./kconfig.ts";
import { Modules } from "./modules.ts";

/** Inode of the initial user namespace (PROC_USER_INIT_INO, include/linux/proc_ns.h, since Linux 3.8). */
const INITIAL_USER_NAMESPACE = "user:[4026531837]";
/** ioctl on a namespace's file: a descriptor of the user namespace that owns it (ioctl_ns(2), since Linux 4.9). */
const NS_GET_USERNS = 0xb701;

const EMFILE = 24;

/** A kind of namespace that has an owner, by its name in /proc/PID/ns. */
export type NamespaceKind = "cgroup" | "ipc" | "mnt" | "net" | "pid" | "time" | "uts";

/**
 * What this machine and this process are, read when it is first asked for and kept: the facts by which a
 * refusal is explained. Nothing here decides that a feature is there.
 */
export class Host {
  readonly #sys: Sys;
  constructor(sys: Sys) {
    this.#sys = sys;
  }

  #status: Status | undefined;
  /** /proc/self/status; the weakest values while it cannot be read. */
  get status(): Status {
    if (this.#status) return this.#status;
    const text = tryReadText(this.#sys, "/proc/self/status");
    const status = parseStatus(text ?? "");
    if (text !== undefined) this.#status = status;
    return status;
  }

  /** Whether the rights of this process are known: with no descriptor left /proc/self/status cannot be read. */
  get rightsKnown(): boolean {
    return this.status.uids.length > 0;
  }

  /** True under a seccomp filter (or strict mode), or where it is not known: a refused call proves nothing then. */
  get filtered(): boolean {
    return (this.status.seccompMode ?? 0) !== 0 || !this.rightsKnown;
  }

  #initial: boolean | undefined;
  /** Whether this process is in the initial user namespace. */
  get initialUserNamespace(): boolean {
    return this.#initial ??= this.link("/proc/self/ns/user") === INITIAL_USER_NAMESPACE;
  }

  /**
   * Whether the effective set holds a capability, over whatever user namespace this is. Throws `SysError` where the
   * rights are not known: a lack that was not seen must explain nothing.
   */
  has(capability: Capability): boolean {
    if (!this.rightsKnown) throw new SysError("open(/proc/self/status)", EMFILE);
    return holds(this.status.effective, capability);
  }

  /** Whether this process's own user namespace owns its namespace of that kind; null where it cannot be told. */
  owns(kind: NamespaceKind): boolean | null {
    if (this.initialUserNamespace) return true;
    const { memory } = this.#sys;
    const mark = memory.mark();
    try {
      using ns = this.#sys.open(`/proc/self/ns/${kind}`);
      const owner = this.#sys.try("ioctl", ns.number, NS_GET_USERNS, 0);
      if (owner === -1 /* EPERM: the owner is outside of what this process may see */) return false;
      if (owner < 0) return null;
      using owned = new Fd(this.#sys, owner);
      return this.link(`/proc/self/fd/${owned.number}`) === this.link("/proc/self/ns/user");
    } catch (error) {
      if (error instanceof SysError) return null;
      throw error;
    } finally {
      memory.release(mark);
    }
  }

  #kallsyms: string | null | undefined;
  /** What /proc/kallsyms has under a name. Reading it costs about 30 ms, once. */
  symbol(name: string): Symbol | "unreadable" {
    this.#kallsyms ??= tryReadText(this.#sys, "/proc/kallsyms") ?? null;
    return this.#kallsyms ? findSymbol(this.#kallsyms, name) : "unreadable";
  }

  /** A sysctl's value, trimmed, by its path below /proc/sys; undefined when it cannot be read. */
  sysctl(path: string): string | undefined {
    return tryReadText(this.#sys, `/proc/sys/${path}`)?.trim();
  }

  #release: string | undefined;
  /** The kernel's release, as `uname -r`. It names files; it decides nothing. */
  get release(): string {
    return this.#release ??= this.read("/proc/sys/kernel/osrelease")?.trim() ?? this.#uname();
  }

  /** uname(2), which a personality may falsify: for where /proc/sys is hidden. */
  #uname(): string {
    const FIELD = 65, RELEASE = 2;
    const { memory } = this.#sys;
    const mark = memory.mark();
    const at = memory.alloc(6 * FIELD); // struct utsname
    const result = this.#sys.try("uname", at);
    const text = memory.text(at + RELEASE * FIELD, FIELD);
    memory.release(mark);
    return result === 0 ? text.slice(0, text.indexOf("\0")) : "unknown";
  }

  /** The processor architecture, as `uname -m`. */
  get architecture(): string {
    return this.#sys.arch.name;
  }

  /** Whether /proc shows other processes than those that this one can name: it is of another pid namespace. */
  get foreignProc(): boolean {
    const shown = this.link("/proc/self");
    return shown !== undefined && shown !== String(this.#sys.try("getpid"));
  }

  #kconfig: Kconfig | undefined;
  /** The configuration this kernel was built with. */
  get kconfig(): Kconfig {
    return this.#kconfig ??= Kconfig.load(this.#sys, this.release);
  }

  #modules: Modules | undefined;
  /** The kernel's modules: loaded, on disk, built in. */
  get modules(): Modules {
    return this.#modules ??= new Modules(this.#sys, this.release);
  }

  /** A file's text, or undefined. */
  read(path: string): string | undefined {
    return tryReadText(this.#sys, path);
  }

  /** A file's bytes, or undefined. */
  bytes(path: string): Uint8Array | undefined {
    return this.#unlessRefused(() => readBytes(this.#sys, path));
  }

  /** The names in a folder, sorted; undefined where it cannot be read. */
  names(path: string): string[] | undefined {
    return this.#unlessRefused(() => entries(this.#sys, path).sort());
  }

  #unlessRefused<T>(read: () => T): T | undefined {
    try {
      return read();
    } catch (error) {
      if (error instanceof SysError) return undefined;
      throw error;
    }
  }

  /** Whether there is something at a path, as far as this process may see. */
  exists(path: string): boolean {
    return access(this.#sys, path, F_OK) === 0;
  }

  /** A symbolic link's target, or undefined. */
  link(path: string): string | undefined {
    return this.#unlessRefused(() => readLink(this.#sys, path));
  }

  /** The mount options of the mount that holds `path`, by the longest mount point; undefined if unknown. */
  mountOptions(path: string): string[] | undefined {
    let best: { point: string; options: string[] } | undefined;
    let text: string;
    try {
      text = readText(this.#sys, "/proc/self/mountinfo");
    } catch (error) {
      if (error instanceof SysError) return undefined;
      throw error;
    }
    for (const line of text.split("\n")) {
      // proc_pid_mountinfo(5): id parent major:minor root mount-point options … - type source super-options
      const [before, after] = line.split(" - ");
      const point = before?.split(" ")[4];
      if (!point || !after) continue;
      const below = point === "/" || path === point || path.startsWith(`${point}/`);
      if (!below || (best && best.point.length > point.length)) continue;
      best = {
        point,
        options: [...(before.split(" ")[5] ?? "").split(","), ...(after.split(" ")[2] ?? "").split(",")],
      };
    }
    return best?.options;
  }
}
