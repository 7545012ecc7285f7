import assert from "node:assert/strict";
import autofs from "../../../probes/autofs.ts";
import { type Call, CRIU_USER_STATUS, NOBODY_STATUS } from "../fake_libc.ts";
import { probeCases, probeOn } from "../probe_case.ts";

/** The writing end of the pipe, and what /proc says of it. */
const links = Object.fromEntries([3, 4, 5, 6, 7].map((fd) => [`/proc/self/fd/${fd}`, "pipe:[777]"]));
const mountinfo = (options: string) => ({
  "/proc/4242/mountinfo": "22 1 0:5 / /proc rw - proc proc rw\n" +
    `40 22 0:40 / /proc rw,relatime - autofs cready rw,fd=5,${options}\n`,
});
const refusing = (errno: string) => ({
  mount({ args, memory }: Call) {
    return args[2] !== 0 && memory.text(args[2]!, 7) === "autofs\0" ? errno : 0;
  },
});
const SYSTEMD = { "/proc/self/mountinfo": "30 1 0:30 / /boot rw - autofs systemd-1 rw,fd=40,pipe_ino=12\n" };

probeCases(autofs, [
  ["the pipe's inode is shown", { links, files: mountinfo("minproto=5,pipe_ino=777") }, "SUPPORTED"],
  ["no inode is shown", { links, files: mountinfo("minproto=5") }, "UNSUPPORTED", /without pipe_ino/],
  ["another inode is shown", { links, files: mountinfo("pipe_ino=778") }, "INCONCLUSIVE", /pipe_ino=778/],
  ["the mount is not shown", { links, files: { "/proc/4242/mountinfo": "" } }, "INCONCLUSIVE", /does not show/],
  ["there is no autofs", { links, calls: refusing("ENODEV") }, "UNSUPPORTED", /mount\(autofs\): ENODEV/],
  ["it is refused without a cause", { links, calls: refusing("EACCES") }, "INCONCLUSIVE", /EACCES/],
  ["it takes no such options", { links, calls: refusing("EINVAL") }, "INCONCLUSIVE", /EINVAL/],
  [
    "it may not be mounted in a user namespace",
    { links: { ...links, "/proc/self/ns/user": "user:[4026531999]" }, calls: refusing("EPERM") },
    "BLOCKED",
    /EPERM/,
  ],
  [
    "mount namespaces are refused",
    { links, clone: "EPERM", files: { "/proc/self/status": NOBODY_STATUS } },
    "BLOCKED",
    /clone\(CLONE_NEWNS\)/,
  ],
]);

Deno.test("autofs says that criu differs where a mount of the host's answers it", () => {
  const files = { "/proc/self/status": CRIU_USER_STATUS };
  const differs = (more: object) =>
    probeOn(autofs, { links, clone: "EPERM", files: { ...files, ...more } }).criuDiffers;
  assert.equal(differs(SYSTEMD)?.verdict, "SUPPORTED");
  assert.equal(differs({}), null);
});
