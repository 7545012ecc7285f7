import type { FakeMachine, Reply } from "../fake_libc.ts";
import { FILTERED_STATUS, NOBODY_STATUS, ROOT_OF_NOTHING } from "../fake_libc.ts";
import uffd from "../../../probes/uffd.ts";
import { probeCases } from "../probe_case.ts";

/** What the kernel fills in: the API and the requests that it takes. */
const told = (api: number, ioctls: number): Reply => ({ args, memory }) => {
  memory.setU64(args[2]!, api);
  memory.setU64(args[2]! + 16, ioctls);
  return 0;
};
const good = told(0xaa, 0x8000000000000003);
const asks = (userfaultfd: Reply, files: Record<string, string> = {}, ioctl: Reply = good): FakeMachine => ({
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
    asks(1000, {}, told(0xab, 1)),
    "INCONCLUSIVE",
    /API 171/,
  ],
  ["a filter makes a success up", asks(1000, {}, 0), "INCONCLUSIVE", /no request/],
  ["there is no such call", asks("ENOSYS"), "UNSUPPORTED", /userfaultfd\(0\): ENOSYS/],
  ["it is kept for root", asks("EPERM", nobody("0\n")), "BLOCKED", /EPERM/],
  [
    "root of a user namespace only has what would open it",
    {
      ...asks("EPERM", { "/proc/sys/vm/unprivileged_userfaultfd": "0\n", ...ROOT_OF_NOTHING.files }),
      links: ROOT_OF_NOTHING.links,
    },
    "BLOCKED",
    /EPERM/,
  ],
  ["a filter refuses it", asks("EPERM", filtered), "BLOCKED", /seccomp/],
  ["it is refused without a cause", asks("EPERM"), "INCONCLUSIVE", /EPERM/],
  ["hands are not shaken", asks(1000, {}, "EINVAL"), "INCONCLUSIVE", /UFFDIO_API, 0\): EINVAL/],
  ["no descriptor is free", asks("EMFILE"), "INCONCLUSIVE", /EMFILE/],
]);
