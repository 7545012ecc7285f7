import { PTRACE_GET_RSEQ_CONFIGURATION, PTRACE_SEIZE } from "../../../ffi/uapi.ts";
import get_rseq_conf from "../../../probes/get_rseq_conf.ts";
import { type Call, FILTERED_STATUS, NOBODY_STATUS } from "../fake_libc.ts";
import { probeCases } from "../probe_case.ts";

const answering = (size: number, flags: number) => ({
  ptrace: {
    [PTRACE_GET_RSEQ_CONFIGURATION]({ args, memory }: Call) {
      if (args[2] !== 24) return "EINVAL";
      memory.setU32(args[3]! + 16, flags);
      return size;
    },
  },
});
const scope = (value: number) => ({ "/proc/sys/kernel/yama/ptrace_scope": `${value}\n` });
const refused = { [PTRACE_SEIZE]: "EPERM" };

probeCases(get_rseq_conf, [
  ["the configuration comes", answering(24, 0), "SUPPORTED"],
  ["it has flags", answering(24, 1), "UNSUPPORTED", /flags 1/],
  ["it has another size", answering(32, 0), "UNSUPPORTED", /32 bytes/],
  ["nothing was written", { ptrace: { [PTRACE_GET_RSEQ_CONFIGURATION]: 24 } }, "UNSUPPORTED", /flags 4294967295/],
  [
    "a filter made an answer up",
    { ptrace: { [PTRACE_GET_RSEQ_CONFIGURATION]: 0 }, files: { "/proc/self/status": FILTERED_STATUS } },
    "INCONCLUSIVE",
    /gives 0 bytes/,
  ],
  ["the request is unknown", { ptrace: { [PTRACE_GET_RSEQ_CONFIGURATION]: "EIO" } }, "UNSUPPORTED", /EIO/],
  ["another errno comes", { ptrace: { [PTRACE_GET_RSEQ_CONFIGURATION]: "ESRCH" } }, "INCONCLUSIVE", /ESRCH/],
  ["Yama forbids tracing", { ptrace: refused, files: scope(3) }, "BLOCKED", /PTRACE_SEIZE/],
  [
    "Yama wants a capability",
    { ptrace: refused, files: { ...scope(2), "/proc/self/status": NOBODY_STATUS } },
    "BLOCKED",
    /PTRACE_SEIZE/,
  ],
  ["tracing is refused without a cause", { ptrace: refused, files: scope(1) }, "INCONCLUSIVE", /EPERM/],
  ["no child can be made", { clone: "EAGAIN" }, "INCONCLUSIVE", /clone/],
]);
