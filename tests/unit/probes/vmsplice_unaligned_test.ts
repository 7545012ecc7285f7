import vmsplice_unaligned from "../../../probes/vmsplice_unaligned.ts";
import { type Call, FILTERED_STATUS } from "../fake_libc.ts";
import { probeCases } from "../probe_case.ts";

let pipe: number | null = null;
const take = ({ args: [, at], memory }: Call) => {
  pipe = memory.u8(Number(memory.u64(at!)));
  return Number(memory.u64(at!)) % 2 === 1 ? 1 : "EINVAL";
};
const give = (value?: number) => ({ args: [, at], memory }: Call) => {
  if (pipe === null) return null; // it is not from the pipe that this reads
  memory.setU8(at!, value ?? pipe);
  pipe = null;
  return 1;
};

probeCases(vmsplice_unaligned, [
  ["the byte arrives", { calls: { vmsplice: take, read: give() } }, "SUPPORTED"],
  ["another byte arrives", { calls: { vmsplice: take, read: give(7) } }, "INCONCLUSIVE", /does not arrive/],
  ["nothing is sent", { calls: { vmsplice: 0, read: "EAGAIN" } }, "INCONCLUSIVE", /answers 0/],
  ["it must be aligned", { calls: { vmsplice: "EINVAL" } }, "UNSUPPORTED", /EINVAL/],
  ["the call is not there", { calls: { vmsplice: "ENOSYS" } }, "UNSUPPORTED", /ENOSYS/],
  ["it fails otherwise", { calls: { vmsplice: "EBADF" } }, "INCONCLUSIVE", /EBADF/],
  [
    "a filter may have answered",
    { calls: { vmsplice: "EPERM" }, files: { "/proc/self/status": FILTERED_STATUS } },
    "INCONCLUSIVE",
    /seccomp/,
  ],
]);
