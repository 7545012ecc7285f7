import assert from "node:assert/strict";
import { PTRACE_SEIZE } from "../../../ffi/uapi.ts";
import move_mount_set_group from "../../../probes/move_mount_set_group.ts";
import { type Call, CRIU_USER_STATUS, FILTERED_STATUS, NOBODY_STATUS, type Reply } from "../fake_libc.ts";
import { probeCases, probeOn } from "../probe_case.ts";

/** What this process is answered, whose path is nowhere, and what the child is. */
const machine = (own: Reply, child: Reply = 0) => ({
  calls: {
    move_mount: (call: Call) => {
      const reply = call.child ? child : own;
      return typeof reply === "function" ? reply(call) : reply;
    },
  },
});
/** Fails the n-th mount of the child. */
const mount = (fails: number, errno: string) => {
  let count = 0;
  return () => ++count === fails ? errno : 0;
};

probeCases(move_mount_set_group, [
  ["a mount joins a group", machine("ENOENT"), "SUPPORTED"],
  ["the flag is unknown", machine("EINVAL"), "UNSUPPORTED", /SET_GROUP\): EINVAL/],
  ["the call is not there", machine("ENOSYS"), "UNSUPPORTED", /ENOSYS/],
  ["the path that is nowhere is found", machine(0), "INCONCLUSIVE", /instead of ENOENT/],
  ["it is refused for a real mount", machine("ENOENT", "EINVAL"), "INCONCLUSIVE", /a private mount.*EINVAL/],
  ["a security module refuses it", machine("ENOENT", "EACCES"), "INCONCLUSIVE", /EACCES/],
  [
    "nothing can be mounted to try it",
    { calls: { ...machine("ENOENT").calls, mount: mount(2, "EINVAL") } },
    "INCONCLUSIVE",
    /mount\(ramfs\): EINVAL/,
  ],
  [
    "the capability is missing",
    { ...machine("EPERM"), files: { "/proc/self/status": NOBODY_STATUS } },
    "BLOCKED",
    /move_mount.*EPERM/,
  ],
  [
    "no mount namespaces are allowed",
    { ...machine("ENOENT"), clone: "ENOSPC", files: { "/proc/sys/user/max_mnt_namespaces": "0\n" } },
    "BLOCKED",
    /clone\(CLONE_NEWNS\): ENOSPC/,
  ],
  [
    "Yama forbids tracing",
    {
      ...machine("ENOENT"),
      ptrace: { [PTRACE_SEIZE]: "EPERM" },
      files: { "/proc/sys/kernel/yama/ptrace_scope": "3\n" },
    },
    "BLOCKED",
    /PTRACE_SEIZE/,
  ],
  [
    "a filter hides it",
    {
      ...machine("ENOSYS"),
      files: { "/proc/self/status": FILTERED_STATUS, "/proc/kallsyms": "0000000000000000 T __x64_sys_move_mount\n" },
    },
    "BLOCKED",
    /seccomp/,
  ],
]);

Deno.test("move_mount_set_group says that criu does not ask with --unprivileged, and only then", () => {
  const here = machine("ENOENT");
  const files = { "/proc/self/status": CRIU_USER_STATUS };
  assert.equal(probeOn(move_mount_set_group, { ...here, files }).criuDiffers?.verdict, "UNSUPPORTED");
  assert.equal(probeOn(move_mount_set_group, here).criuDiffers, null);
});
