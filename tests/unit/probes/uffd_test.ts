import type { FakeMachine, Reply } from "../fake_libc.ts";
import { FILTERED_STATUS, NOBODY_STATUS } from "../fake_libc.ts";
import uffd from "../../../probes/uffd.ts";
import { probeCases } from "../probe_case.ts";

const asks = (userfaultfd: Reply, files: Record<string, string> = {}, ioctl: Reply = 0): FakeMachine => ({
  calls: { userfaultfd, ioctl },
  files,
});
const nobody = (sysctl: string) => ({
  "/proc/self/status": NOBODY_STATUS,
  "/proc/sys/vm/unprivileged_userfaultfd": sysctl,
});
const filtered = { "/proc/self/status": FILTERED_STATUS, "/proc/kallsyms": "0 T __x64_sys_userfaultfd\n" };

probeCases(uffd, [
  ["the kernel shakes hands", asks(1000), "SUPPORTED"],
  ["users may have it", asks(1000, nobody("1\n")), "SUPPORTED"],
  [
    "the kernel wants another API",
    asks(1000, {}, ({ args, memory }) => {
      memory.setU64(args[2]!, 0xab);
      return 0;
    }),
    "INCONCLUSIVE",
    /API 171/,
  ],
  ["there is no such call", asks("ENOSYS"), "UNSUPPORTED", /userfaultfd\(0\): ENOSYS/],
  ["it is kept for root", asks("EPERM", nobody("0\n")), "BLOCKED", /EPERM/],
  ["a filter refuses it", asks("EPERM", filtered), "BLOCKED", /seccomp/],
  ["it is refused without a cause", asks("EPERM"), "INCONCLUSIVE", /EPERM/],
  ["hands are not shaken", asks(1000, {}, "EINVAL"), "INCONCLUSIVE", /UFFDIO_API, 0\): EINVAL/],
  ["no descriptor is free", asks("EMFILE"), "INCONCLUSIVE", /EMFILE/],
]);
