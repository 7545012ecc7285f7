import assert from "node:assert/strict";
import { PTRACE_SEIZE } from "../../../ffi/uapi.ts";
import overlayfs_maps from "../../../probes/overlayfs_maps.ts";
import { type Call, CRIU_USER_STATUS, FILTERED_STATUS, NOBODY_STATUS } from "../fake_libc.ts";
import { probeCases, probeOn } from "../probe_case.ts";

const ADDRESS = 0x7f12345000;
const file = { "/proc/a/file": "", "/proc/o/file": "" };
const maps = (shown: string) => ({
  ...file,
  "/proc/4242/maps":
    `7f12344000-7f12345000 r--p 00000000 00:00 0\n7f12345000-7f12346000 r--s 00000000 ${shown} /proc/o/file\n`,
});
const calls = {
  mmap: ({ child }: Call) => child ? ADDRESS : 0x7f0000000000,
  statx({ args, memory }: Call) {
    memory.setU64(args[4]! + 32, 10);
    memory.setU32(args[4]! + 136, 0);
    memory.setU32(args[4]! + 140, 0x28);
    return 0;
  },
};
/** Answers the mount of the type given with an errno. */
const refusing = (type: string, errno: string) => ({
  ...calls,
  mount({ args, memory }: Call) {
    const at = args[2]!;
    return at !== 0 && memory.text(at, type.length + 1) === `${type}\0` ? errno : 0;
  },
});

probeCases(overlayfs_maps, [
  ["both name the same file", { calls, files: maps("00:28 10") }, "SUPPORTED"],
  ["the device differs", { calls, files: maps("00:27 10") }, "UNSUPPORTED", /shows 00:27 10 .* 00:28 10/],
  ["the inode differs", { calls, files: maps("00:28 11") }, "UNSUPPORTED"],
  [
    "a filter made the inode up",
    { calls: { ...calls, statx: 0 }, files: { ...maps("00:28 10"), "/proc/self/status": FILTERED_STATUS } },
    "INCONCLUSIVE",
    /shows 00:28 10/,
  ],
  [
    "the mapping is not shown",
    { calls, files: { ...file, "/proc/4242/maps": "" } },
    "INCONCLUSIVE",
    /does not show/,
  ],
  [
    "there is no overlayfs",
    { calls: refusing("overlay", "ENODEV"), files: file },
    "UNSUPPORTED",
    /mount\(overlay\): ENODEV/,
  ],
  [
    "overlayfs is refused",
    { calls: refusing("overlay", "EINVAL"), files: file },
    "INCONCLUSIVE",
    /mount\(overlay\): EINVAL/,
  ],
  [
    "mount namespaces are refused",
    { clone: "EPERM", files: { "/proc/self/status": NOBODY_STATUS } },
    "BLOCKED",
    /clone\(CLONE_NEWNS\): EPERM/,
  ],
  [
    "Yama forbids tracing",
    { ptrace: { [PTRACE_SEIZE]: "EPERM" }, files: { "/proc/sys/kernel/yama/ptrace_scope": "3\n" } },
    "BLOCKED",
    /PTRACE_SEIZE/,
  ],
  ["no child can be made", { clone: "ENOMEM" }, "INCONCLUSIVE", /ENOMEM/],
]);

Deno.test("overlayfs_maps says that criu takes a refused namespace for a yes", () => {
  const files = { "/proc/self/status": CRIU_USER_STATUS };
  assert.equal(probeOn(overlayfs_maps, { clone: "EPERM", files }).criuDiffers?.verdict, "SUPPORTED");
  assert.equal(probeOn(overlayfs_maps, { calls: refusing("overlay", "EINVAL") }).criuDiffers, null);
});
