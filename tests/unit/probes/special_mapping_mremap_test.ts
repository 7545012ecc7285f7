import { PTRACE_SEIZE, SIGSEGV, SIGUSR1, SIGUSR2 } from "../../../ffi/uapi.ts";
import special_mapping_mremap from "../../../probes/special_mapping_mremap.ts";
import type { Call, FakeMachine } from "../fake_libc.ts";
import { probeCases } from "../probe_case.ts";

const MAPS = "7f1000000000-7f1000001000 r-xp 00000000 08:02 17 /usr/lib/libc.so.6\n" +
  "7ffc00000000-7ffc00004000 r--p 00000000 00:00 0                          [vvar]\n" +
  "7ffc00004000-7ffc00006000 r--p 00000000 00:00 0                          [vvar_vclock]\n" +
  "7ffc00006000-7ffc00008000 r-xp 00000000 00:00 0                          [vdso]\n" +
  "7ffc00100000-7ffc00200000 rw-p 00000000 00:00 0                          [stack]\n";

type Mremap = (moved: number, call: Call) => number | string;

/** A kernel that moves mappings as `mremap` says and lets the child stop with these wait statuses after the moves. */
function kernel(resumed: readonly number[], mremap?: Mremap, files: FakeMachine["files"] = {}): FakeMachine {
  let moved = 0;
  return {
    resumed,
    files: { "/proc/self/maps": MAPS, ...files },
    calls: {
      rt_sigaction({ args: [, , old], memory }) {
        if (old) memory.setU64(old, 0x5000);
        return 0;
      },
      mremap: (call) => mremap ? mremap(moved++, call) : call.args[4]!,
    },
  };
}
const stopped = (signal: number) => signal << 8 | 0x7f;
const GOOD = [stopped(SIGUSR1), stopped(SIGUSR2)];
const SEALED = { "/proc/sys/kernel/osrelease": "6.18\n", "/boot/config-6.18": "CONFIG_MSEAL_SYSTEM_MAPPINGS=y\n" };

probeCases(special_mapping_mremap, [
  ["the child comes back from its handler", kernel(GOOD), "SUPPORTED"],
  ["the child dies of the signal", kernel([GOOD[0]!, stopped(SIGSEGV)]), "UNSUPPORTED", /signal 11/],
  ["the child is killed", kernel([GOOD[0]!, SIGSEGV]), "UNSUPPORTED", /signal 11/],
  ["the handler was not installed", kernel([GOOD[0]!, SIGUSR1]), "INCONCLUSIVE", /signal 10/],
  ["a mapping cannot be moved", kernel(GOOD, () => "EINVAL"), "INCONCLUSIVE", /mremap\(\[vvar\].*EINVAL/],
  [
    "the last mapping cannot be moved",
    kernel(GOOD, (moved, { args }) => moved === 2 ? "EFAULT" : args[4]!),
    "INCONCLUSIVE",
    /mremap\(\[vdso\].*EFAULT/,
  ],
  ["a mapping goes elsewhere", kernel(GOOD, () => 4096), "INCONCLUSIVE", /another address/],
  ["mappings are sealed", kernel(GOOD, () => "EPERM", SEALED), "UNSUPPORTED", /EPERM/],
  ["moving is refused without a cause", kernel(GOOD, () => "EPERM"), "INCONCLUSIVE", /EPERM/],
  ["the child ends instead", kernel([GOOD[0]!, 5 << 8]), "INCONCLUSIVE", /exited with 5/],
  [
    "there is no vDSO, by the command line",
    { files: { "/proc/self/maps": "", "/proc/cmdline": "quiet vdso=0\n" } },
    "BLOCKED",
    /no vDSO/,
  ],
  ["there is no vDSO", { files: { "/proc/self/maps": "", "/proc/cmdline": "quiet\n" } }, "INCONCLUSIVE", /no vDSO/],
  ["the mappings cannot be read", {}, "INCONCLUSIVE", /ENOENT/],
  ["no handler is known", { ...kernel(GOOD), calls: { rt_sigaction: 0 } }, "INCONCLUSIVE", /rt_sigaction/],
  [
    "Yama forbids tracing",
    {
      ...kernel(GOOD, undefined, { "/proc/sys/kernel/yama/ptrace_scope": "3\n" }),
      ptrace: { [PTRACE_SEIZE]: "EPERM" },
    },
    "BLOCKED",
    /SEIZE/,
  ],
]);
