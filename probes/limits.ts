import type { SysError } from "../ffi/errno.ts";
import type { Sys } from "../ffi/sys.ts";
import type { Host } from "../host/host.ts";
import type { Remedy } from "./probe.ts";

const RLIMIT_NPROC = 6;
const RLIMIT_NOFILE = 7;

/** The user.max_*_namespaces sysctl of each kind that clone(2) and unshare(2) are asked for by name. */
export const NAMESPACE_SYSCTLS: readonly (readonly [flag: string, sysctl: string])[] = [
  ["CLONE_NEWUSER", "max_user_namespaces"],
  ["CLONE_NEWPID", "max_pid_namespaces"],
  ["CLONE_NEWNET", "max_net_namespaces"],
  ["CLONE_NEWNS", "max_mnt_namespaces"],
  ["CLONE_NEWIPC", "max_ipc_namespaces"],
  ["CLONE_NEWUTS", "max_uts_namespaces"],
  ["CLONE_NEWCGROUP", "max_cgroup_namespaces"],
  ["CLONE_NEWTIME", "max_time_namespaces"],
];

/** A limit that is verified to be the cause of an error, as the remedy that raises it; undefined if none is. */
export function limitReached(error: SysError, sys: Sys, host: Host): Remedy | undefined {
  if (error.code === "ENOSPC" || error.code === "EPERM" || error.code === "EUSERS") {
    return namespaceLimit(error.call, host);
  }
  if (error.code === "ENFILE") {
    return raised(`fs.file-max (${host.sysctl("fs/file-max") ?? "unreadable"}) is reached`, null);
  }
  if (error.code === "EAGAIN" && error.call.startsWith("clone")) return taskLimit(sys, host);
  return undefined;
}

/** What decides where this process has no descriptor left: criu, which holds fewer, may still have some. */
export function tooFewDescriptors(sys: Sys): Remedy {
  const limit = softLimit(sys, RLIMIT_NOFILE);
  return {
    cause: "LIMIT",
    why: `RLIMIT_NOFILE is ${limit ?? "unreadable"}, and the runtime of cready alone holds a dozen descriptors`,
    text: "ask again with a higher limit",
    command: "ulimit -n 1024",
  };
}

function namespaceLimit(call: string, host: Host): Remedy | undefined {
  for (const [flag, sysctl] of NAMESPACE_SYSCTLS) {
    if (!new RegExp(`\\b${flag}\\b`).test(call) || host.sysctl(`user/${sysctl}`) !== "0") continue;
    return {
      cause: "SYSCTL",
      why: `sysctl user.${sysctl} is 0`,
      text: "allow such namespaces again",
      command: `sysctl -w user.${sysctl}=1024`,
    };
  }
  return undefined;
}

/** clone(2) answers EAGAIN at RLIMIT_NPROC and at the pids limit of a cgroup. */
function taskLimit(sys: Sys, host: Host): Remedy | undefined {
  const limit = softLimit(sys, RLIMIT_NPROC);
  const free = host.has("CAP_SYS_RESOURCE") || host.has("CAP_SYS_ADMIN");
  // The kernel does not tell how many tasks a user has; a limit that root is not bound by is the cause otherwise.
  if (limit !== undefined && !free) return raised(`RLIMIT_NPROC is ${limit} tasks`, "ulimit -u unlimited");
  return undefined;
}

function raised(why: string, command: string | null): Remedy {
  return { cause: "LIMIT", why, text: "raise the limit", command };
}

/** The soft value of a resource limit (prlimit(2)); undefined when it is infinite or cannot be read. */
function softLimit(sys: Sys, resource: number): number | undefined {
  const mark = sys.memory.mark();
  const at = sys.memory.alloc(16);
  const result = sys.try("prlimit64", 0, resource, 0, at);
  const soft = sys.memory.u64(at);
  sys.memory.release(mark);
  return result < 0 || soft === 0xffffffffffffffffn ? undefined : Number(soft);
}
