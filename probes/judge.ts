import { SysError, TimeoutError } from "../ffi/errno.ts";
import type { SyscallName } from "../ffi/arch/arch.ts";
import { NetlinkError } from "../ffi/netlink.ts";
import type { Sys } from "../ffi/sys.ts";
import { DeathError } from "../ffi/subject.ts";
import type { Host } from "../host/host.ts";
import { type Answer, blocked, inconclusive, type Probe, type Remedy, unsupported } from "./probe.ts";
import { limitReached, tooFewDescriptors } from "./limits.ts";
import { onDiskOnly } from "./remedies.ts";
import { missingRight } from "./rights.ts";

/** Errnos by which the kernel refuses what it has. */
const REFUSALS = ["EPERM", "EACCES", "EROFS"];
/** Errnos that say that a bound was reached, not that something is missing. */
const LIMITS = ["ENFILE", "ENOSPC", "EAGAIN", "ENOMEM", "EDQUOT", "EUSERS"];
/** Opening, reading and writing files cannot be answered falsely by a filter without ending this program first. */
const FILE_CALLS = ["open", "openat", "read", "readlink", "getdents64", "write"];

/** Calls that do nothing when all their arguments are -1, and are refused for that only. */
const SENSELESS: ReadonlySet<SyscallName> = new Set([
  "arch_prctl",
  "bind",
  "clone",
  "clone3",
  "getsockopt",
  "io_setup",
  "ioctl",
  "kcmp",
  "memfd_create",
  "mount",
  "move_mount",
  "openat2",
  "pidfd_getfd",
  "pidfd_open",
  "prctl",
  "ptrace",
  "rt_sigqueueinfo",
  "setsockopt",
  "socket",
  "timer_create",
  "timerfd_create",
  "unshare",
  "userfaultfd",
  "vmsplice",
]);
const SIGSYS = 31;

/** Turns what a probe threw into its answer: what an errno proves depends on the rights and filters here. */
export function judge(probe: Probe, error: unknown, sys: Sys, host: Host): Answer {
  if (error instanceof TimeoutError) {
    return inconclusive(error.message, [
      undetermined("ask again on an idle machine, with --feature"),
    ]);
  }
  if (error instanceof DeathError) return died(error, host);
  if (!(error instanceof SysError)) {
    // A fault of one probe must not hide the answers of the others; the tests look for this text.
    return inconclusive(`cready itself failed: ${error instanceof Error ? error.message : String(error)}`);
  }
  // Of its own limit cready needs more than criu does, so that it was reached says nothing of criu.
  if (error.code === "EMFILE") return inconclusive(error.message, [tooFewDescriptors(sys)]);
  if (!host.rightsKnown) {
    const reason = `${error.message}; /proc/self/status cannot be read, so no cause of it can be verified`;
    return inconclusive(reason, [tooFewDescriptors(sys)]);
  }
  const forgeable = !(error instanceof NetlinkError) && !FILE_CALLS.includes(callName(error));
  const limited = LIMITS.includes(error.code);
  if (limited || REFUSALS.includes(error.code)) {
    // No capability explains that a bound was reached; a sysctl may.
    const missing = limited
      ? limitReached(error, sys, host) ?? missingRight(probe.rights.filter((right) => "sysctl" in right), host)
      : missingRight(probe.rights, host) ?? limitReached(error, sys, host);
    // Both stand in the way: mending one is not enough.
    const too = missing && host.filtered && forgeable && refusedWhatever(error, sys);
    if (missing) return blocked(error.message, missing, ...(too ? [answeredByFilter(error)] : []));
  }
  const absent = probe.absentOn.includes(error.code);
  if (host.filtered && forgeable) return underFilter(probe, error, sys, host, absent);
  if (absent) return onDiskOnly(probe.modules, error.message, host) ?? unsupported(error.message);
  return inconclusive(error.message, [undetermined(whatWouldDecide(error, host))]);
}

/** The kernel sends SIGSYS for seccomp alone: a filter ends those who make a call, or who make it in another ABI. */
function died(error: DeathError, host: Host): Answer {
  const { status } = error;
  if (!host.filtered || status.kind === "exited" || status.signal !== SIGSYS) return inconclusive(error.message);
  return blocked(`${error.message} (SIGSYS), which a seccomp filter sent`, {
    cause: "SECCOMP",
    why: `a seccomp filter of this process ends whoever calls ${error.call}`,
    text: `run outside of the sandbox, or with a seccomp profile that allows ${error.call}`,
    command: null,
  });
}

/** A second witness says whether a filter answered, or the kernel. */
function underFilter(probe: Probe, error: SysError, sys: Sys, host: Host, absent: boolean): Answer {
  const name = callName(error) as SyscallName;
  const symbol = sys.arch.syscallSymbolPrefix + symbolOf(name);
  const call = host.symbol(symbol);
  const own = probe.symbol ? host.symbol(probe.symbol) : "unreadable";
  if (error.code === "ENOSYS" && (call === "weak" || call === "absent")) {
    return unsupported(`${error.message}; /proc/kallsyms has no ${symbol} of its own`);
  }
  if (own === "absent" && absent) return unsupported(`${error.message}; /proc/kallsyms has no ${probe.symbol}`);
  // The kernel never answers ENOSYS for a call that it has.
  if (call === "built-in" && (error.code === "ENOSYS" || refusedWhatever(error, sys))) {
    return blocked(`a seccomp filter answers ${error.message}; /proc/kallsyms has ${symbol}`, answeredByFilter(error));
  }
  // Named in the file: the options of older and of newer kernels are not those of this one.
  const off = probe.kconfig.find((option) => host.kconfig.options.get(option) === "n");
  if (off && absent) {
    return unsupported(`${error.message}; ${off} is not set in ${host.kconfig.source}`);
  }
  return inconclusive(`${error.message}, under a seccomp filter, which may have answered instead of the kernel`, [
    undetermined("run outside of the sandbox, without a seccomp filter"),
  ]);
}

/**
 * Whether a call is refused in the same way when all its arguments are -1. The kernel finds another fault with these
 * (EINVAL, EBADF, EFAULT, ESRCH, E2BIG) before it looks at any right, so then it was not the kernel that refused.
 */
function refusedWhatever(error: SysError, sys: Sys): boolean {
  const name = callName(error) as SyscallName;
  if (!REFUSALS.includes(error.code) || !SENSELESS.has(name)) return false;
  return sys.try(name, -1, -1, -1, -1, -1, -1) === -error.errno;
}

function answeredByFilter(error: SysError): Remedy {
  const name = callName(error);
  return {
    cause: "SECCOMP",
    why: `a seccomp filter of this process answers ${name} with ${error.code}`,
    text: `run outside of the sandbox, or with a seccomp profile that allows ${name}`,
    command: null,
  };
}

/** The system call an error's text names, such as `kcmp` of `kcmp(self, self, KCMP_VM)`. */
function callName(error: SysError): string {
  return error.call.slice(0, error.call.indexOf("("));
}

/** The kernel's functions are named without the `64` of some call names (include/linux/syscalls.h). */
function symbolOf(name: SyscallName): string {
  return name === "newfstatat" || name === "pread64" || name === "pwrite64" ? name : name.replace(/^open$/, "openat");
}

function whatWouldDecide(error: SysError, host: Host): string {
  if (host.filtered) {
    return "run outside of the sandbox, without a seccomp filter, which may have answered a call before this one";
  }
  if (!REFUSALS.includes(error.code)) return `look up why ${error.call} answers ${error.code} here`;
  const confined = host.read("/proc/self/attr/current")?.replace(/[\0\n]/g, "").trim();
  if (confined && confined !== "unconfined" && confined !== "kernel") {
    return `run outside of the security module's confinement (${confined}), which may be what refuses it`;
  }
  return "run as root of the host, outside of any container; all that cready can verify would permit it";
}

/** A remedy for what could not be decided. */
function undetermined(text: string): Remedy {
  return { cause: "UNDETERMINED", why: "no cause could be verified", text, command: null };
}
