import assert from "node:assert/strict";
import ipc_next_id from "../../../probes/ipc_next_id.ts";
import { type FakeMachine, NOBODY_STATUS, ROOT_OF_NOTHING } from "../fake_libc.ts";
import { probeCases, probeOn } from "../probe_case.ts";

const PATH = "/proc/sys/kernel/sem_next_id";
const there = { "/proc/sys/kernel": "", [PATH]: "-1\n" };
const refused = { "/proc/sys/kernel": "", [PATH]: "!EACCES" };
/** statx(2) of a file of that mode. */
const mode = (bits: number): NonNullable<FakeMachine["calls"]> => ({
  statx({ args, memory }) {
    memory.setU16(args[4]! + 28, bits);
    return 0;
  },
});

probeCases(ipc_next_id, [
  ["the kernel looks at what is written", { files: there, calls: { write: "EINVAL" } }, "SUPPORTED"],
  ["an x is taken for a number", { files: there, calls: { write: 1 } }, "INCONCLUSIVE", /answers 1/],
  ["the file is not there", { files: { "/proc/sys/kernel": "" } }, "UNSUPPORTED", /ENOENT/],
  [
    "the capability is missing when it is opened",
    { files: { ...refused, "/proc/self/status": NOBODY_STATUS } },
    "BLOCKED",
    /open\(.*EACCES/,
  ],
  [
    "the capability is missing when it is written",
    { files: { ...there, "/proc/self/status": NOBODY_STATUS }, calls: { write: "EPERM" } },
    "BLOCKED",
    /write\(.*EPERM/,
  ],
  ["an old kernel asks for the owner", { files: refused, calls: mode(0o644) }, "BLOCKED", /EACCES/],
  ["it is refused without a cause", { files: refused, calls: mode(0o444) }, "INCONCLUSIVE", /EACCES/],
  ["writing fails", { files: there, calls: { write: "EIO" } }, "INCONCLUSIVE", /EIO/],
]);

Deno.test("criu's yes without a look is told, for other users than root", () => {
  const { calls, links } = ROOT_OF_NOTHING;
  const files = { ...refused, ...ROOT_OF_NOTHING.files };
  assert.equal(
    probeOn(ipc_next_id, { files, links, calls: { ...calls, geteuid: 65534 } }).criuDiffers?.verdict,
    "SUPPORTED",
  );
  assert.equal(probeOn(ipc_next_id, { files, links, calls: { ...calls, geteuid: 0 } }).criuDiffers, null);
});
