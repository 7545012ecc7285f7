import { F_GETOWNER_UIDS } from "../../../ffi/uapi.ts";
import fcntl_getowner_uids from "../../../probes/fcntl_getowner_uids.ts";
import type { Call, FakeMachine } from "../fake_libc.ts";
import { probeCases } from "../probe_case.ts";

/** A kernel that tells these owners of a descriptor; this process is user 7. */
const owners = (real: number, effective: number): NonNullable<FakeMachine["calls"]> => ({
  getuid: 7,
  geteuid: 7,
  fcntl({ args: [, command, at], memory }: Call) {
    if (command !== F_GETOWNER_UIDS) return 0;
    memory.setU32(at!, real);
    memory.setU32(at! + 4, effective);
    return 0;
  },
});
const answering = (code: string) => ({ fcntl: ({ args }: Call) => args[1] === F_GETOWNER_UIDS ? code : 0 });

probeCases(fcntl_getowner_uids, [
  ["the owner is told", { calls: owners(7, 7) }, "SUPPORTED"],
  ["the owner has no number in this user namespace", { calls: owners(0xffffffff, 0xffffffff) }, "SUPPORTED"],
  ["another owner is told", { calls: owners(7, 8) }, "INCONCLUSIVE", /7 and 8/],
  ["nothing is written", { calls: { getuid: 7, geteuid: 7, fcntl: 0 } }, "INCONCLUSIVE", /tells/],
  ["the command is unknown", { calls: answering("EINVAL") }, "UNSUPPORTED", /F_GETOWNER_UIDS.*EINVAL/],
  ["it fails otherwise", { calls: answering("EFAULT") }, "INCONCLUSIVE", /EFAULT/],
  ["no pipe can be made", { calls: { pipe2: "ENFILE" } }, "BLOCKED", /ENFILE/],
]);
