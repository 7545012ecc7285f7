import type { FakeMachine, Reply } from "../fake_libc.ts";
import { FILTERED_STATUS, NOBODY_STATUS } from "../fake_libc.ts";
import cgroupns from "../../../probes/cgroupns.ts";
import { probeCases } from "../probe_case.ts";

/** A child in cgroup namespace 1, in 2 after a successful unshare. */
function machine(unshare: Reply, files: Record<string, string> = {}, after = "cgroup:[2]"): FakeMachine {
  let link = "cgroup:[1]";
  return {
    files,
    calls: {
      readlinkat({ args, memory, child }) {
        if (!child) return "ENOENT";
        memory.write(args[2]!, new TextEncoder().encode(link));
        return link.length;
      },
      unshare(call) {
        const result = typeof unshare === "function" ? unshare(call) : unshare;
        if (result === 0) link = after;
        return result;
      },
    },
  };
}

probeCases(cgroupns, [
  ["the child is in another namespace", machine(0), "SUPPORTED"],
  ["the child stays where it was", machine(0, {}, "cgroup:[1]"), "INCONCLUSIVE", /as it was/],
  ["there is no such file", { calls: { unshare: 0 } }, "UNSUPPORTED", /ns\/cgroup\): ENOENT/],
  ["the flag is unknown", machine("EINVAL"), "UNSUPPORTED", /CLONE_NEWCGROUP\): EINVAL/],
  ["the capability is missing", machine("EPERM", { "/proc/self/status": NOBODY_STATUS }), "BLOCKED", /EPERM/],
  ["none is allowed", machine("ENOSPC", { "/proc/sys/user/max_cgroup_namespaces": "0\n" }), "BLOCKED", /ENOSPC/],
  [
    "a filter refuses it",
    machine("EPERM", { "/proc/self/status": FILTERED_STATUS, "/proc/kallsyms": "0 T __x64_sys_unshare\n" }),
    "BLOCKED",
    /seccomp/,
  ],
  ["it is refused without a cause", machine("EPERM"), "INCONCLUSIVE", /EPERM/],
  ["memory is short", machine("ENOMEM"), "INCONCLUSIVE", /ENOMEM/],
  ["no child can be made", { clone: "EAGAIN" }, "INCONCLUSIVE", /clone/],
]);
