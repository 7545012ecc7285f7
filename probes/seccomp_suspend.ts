import { SysError } from "../ffi/errno.ts";
import { PTRACE_O_EXITKILL, PTRACE_O_SUSPEND_SECCOMP, PTRACE_SETOPTIONS } from "../ffi/uapi.ts";
import type { Host } from "../host/host.ts";
import { type Answer, blocked, defineProbe, type Right, supported } from "./probe.ts";
import { missingRight, TRACING } from "./rights.ts";

/** What a tracer needs that looks into or switches off the seccomp of its tracee. */
export const SECCOMP_TRACING: readonly Right[] = [...TRACING, { capability: "CAP_SYS_ADMIN", over: "initial" }];

/**
 * The kernel lets no tracer at another's seccomp that is under seccomp itself (check_ptrace_options, seccomp_get_filter):
 * the answer where nothing else is the cause; rethrows other errors.
 */
export function refusedUnderSeccomp(error: unknown, host: Host): Answer {
  const refused = error instanceof SysError && ["EPERM", "EACCES"].includes(error.code);
  if (!refused || !host.filtered || missingRight(SECCOMP_TRACING, host)) throw error;
  return blocked(`${error.message}, as to every tracer that is under seccomp itself`, {
    cause: "SECCOMP",
    why: "this process is under seccomp, and the kernel then forbids it to look at the seccomp of others",
    text: "run outside of the sandbox, or without a seccomp profile (docker: --security-opt seccomp=unconfined)",
    command: null,
  });
}

export default defineProbe({
  id: "seccomp_suspend",
  criuName: "seccomp_suspend",
  title: "PTRACE_O_SUSPEND_SECCOMP",
  category: "EXTRA",
  subject: "KERNEL",
  since: "4.3",
  impact: "no process under seccomp can be dumped, as in nearly every container: its filters stop CRIU's own calls",
  kconfig: ["CONFIG_CHECKPOINT_RESTORE", "CONFIG_SECCOMP"],
  modules: [],
  rights: SECCOMP_TRACING,
  mend: "boot Linux 4.3 or newer built with CONFIG_CHECKPOINT_RESTORE=y and CONFIG_SECCOMP=y",
  references: ["man:ptrace(2)", "linux:kernel/ptrace.c check_ptrace_options", "criu:check_ptrace_suspend_seccomp"],
  autoloads: [],
  criuFaults: [],
  absentOn: ["EINVAL"],
  run({ host, subject }) {
    using child = subject();
    try {
      // By SETOPTIONS: before Linux 5.18, SEIZE took the option without a look at the rights.
      const options = PTRACE_O_EXITKILL | PTRACE_O_SUSPEND_SECCOMP;
      child.ask("PTRACE_SETOPTIONS, child, PTRACE_O_SUSPEND_SECCOMP", PTRACE_SETOPTIONS, 0, options);
      return supported();
    } catch (error) {
      return refusedUnderSeccomp(error, host);
    }
  },
});
