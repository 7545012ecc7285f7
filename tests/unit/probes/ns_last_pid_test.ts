import ns_last_pid from "../../../probes/ns_last_pid.ts";
import { FILTERED_STATUS, NOBODY_STATUS, ROOT_OF_NOTHING } from "../fake_libc.ts";
import { probeCases, probeOn } from "../probe_case.ts";
import assert from "node:assert/strict";

const there = { "/proc/sys/kernel": "", "/proc/sys/kernel/ns_last_pid": "4000\n" };
const mounts = (options: string) => `20 1 0:20 / /proc rw - proc proc rw,${options}\n`;
const readOnly = "20 1 0:20 / /proc rw - proc proc rw\n21 20 0:20 /sys /proc/sys ro - proc proc rw\n";

probeCases(ns_last_pid, [
  ["the kernel looks at what is written", { files: there, calls: { write: "EINVAL" } }, "SUPPORTED"],
  ["an x is taken for a number", { files: there, calls: { write: 1 } }, "INCONCLUSIVE", /write\(.*answers 1/],
  ["the file is not there", { files: { "/proc/sys/kernel": "" } }, "UNSUPPORTED", /open\(.*ns_last_pid\): ENOENT/],
  ["there are no sysctls", { files: { "/proc": "", "/proc/self/mountinfo": mounts("") } }, "UNSUPPORTED", /ENOENT/],
  ["sysctls are hidden", { files: { "/proc": "", "/proc/self/mountinfo": mounts("subset=pid") } }, "BLOCKED", /ENOENT/],
  [
    "the capability is missing",
    { files: { ...there, "/proc/self/status": NOBODY_STATUS }, calls: { write: "EPERM" } },
    "BLOCKED",
    /write\(.*EPERM/,
  ],
  ["it is refused without a cause", { files: there, calls: { write: "EPERM" } }, "INCONCLUSIVE", /EPERM/],
  [
    "it is refused without a cause, beside a filter that cannot be it",
    { files: { ...there, "/proc/self/status": FILTERED_STATUS }, calls: { write: "EPERM" } },
    "INCONCLUSIVE",
    /EPERM/,
  ],
  [
    "/proc/sys is read-only",
    {
      files: {
        "/proc/sys/kernel": "",
        "/proc/sys/kernel/ns_last_pid": "!EROFS",
        "/proc/self/mountinfo": readOnly,
      },
    },
    "BLOCKED",
    /EROFS/,
  ],
  [
    "something else covers the file",
    {
      files: there,
      calls: {
        write: 1,
        fstatfs({ args: [, at], memory }) {
          memory.setU64(at!, 0x01021994);
          return 0;
        },
      },
    },
    "BLOCKED",
    /not the kernel's/,
  ],
  [
    "something else covers /proc/sys",
    {
      files: { "/proc": "", "/proc/sys": "" },
      calls: {
        fstatfs({ args: [, at], memory }) {
          memory.setU64(at!, 0x01021994);
          return 0;
        },
      },
    },
    "BLOCKED",
    /ENOENT/,
  ],
  ["writing fails", { files: there, calls: { write: "EIO" } }, "INCONCLUSIVE", /EIO/],
]);

Deno.test("criu's yes to a refused write is told", () => {
  const { calls, links } = ROOT_OF_NOTHING;
  const files = { ...there, ...ROOT_OF_NOTHING.files };
  assert.equal(
    probeOn(ns_last_pid, { files, links, calls: { ...calls, write: "EPERM" } }).criuDiffers?.verdict,
    "SUPPORTED",
  );
  const readOnlyFiles = {
    "/proc/sys/kernel": "",
    "/proc/sys/kernel/ns_last_pid": "!EROFS",
    "/proc/self/mountinfo": readOnly,
  };
  assert.equal(probeOn(ns_last_pid, { files: readOnlyFiles }).criuDiffers, null);
});
