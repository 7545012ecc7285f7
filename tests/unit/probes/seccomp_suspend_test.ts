import { PTRACE_SETOPTIONS } from "../../../ffi/uapi.ts";
import seccomp_suspend from "../../../probes/seccomp_suspend.ts";
import { FILTERED_STATUS, NOBODY_STATUS } from "../fake_libc.ts";
import { probeCases } from "../probe_case.ts";

const answer = (reply: number | string) => ({ ptrace: { [PTRACE_SETOPTIONS]: reply } });
const status = (text: string) => ({ files: { "/proc/self/status": text } });

probeCases(seccomp_suspend, [
  ["the option is taken", answer(0), "SUPPORTED"],
  ["the option is unknown", answer("EINVAL"), "UNSUPPORTED", /PTRACE_O_SUSPEND_SECCOMP\): EINVAL/],
  ["the capability is missing", { ...answer("EPERM"), ...status(NOBODY_STATUS) }, "BLOCKED", /EPERM$/],
  [
    "it is held in a user namespace only",
    { ...answer("EPERM"), links: { "/proc/self/ns/user": "user:[1]" } },
    "BLOCKED",
    /EPERM$/,
  ],
  [
    "the tracer is under seccomp",
    { ...answer("EPERM"), ...status(FILTERED_STATUS) },
    "BLOCKED",
    /under seccomp itself/,
  ],
  ["it is refused without a cause", answer("EPERM"), "INCONCLUSIVE", /EPERM/],
  ["another errno comes", answer("ESRCH"), "INCONCLUSIVE", /ESRCH/],
  ["no child can be made", { clone: "EAGAIN" }, "INCONCLUSIVE", /clone/],
]);
