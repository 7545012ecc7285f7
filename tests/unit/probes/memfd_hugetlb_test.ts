import memfd_hugetlb from "../../../probes/memfd_hugetlb.ts";
import { FILTERED_STATUS, type Reply } from "../fake_libc.ts";
import { probeCases } from "../probe_case.ts";

const fileSystem = (magic: number): Reply => ({ args, memory }) => (memory.setU32(args[1]!, magic), 0);
const noexec = (value: string) => ({ "/proc/sys/vm/memfd_noexec": `${value}\n` });

probeCases(memfd_hugetlb, [
  ["the file is made", { calls: { memfd_create: 1000, fstatfs: fileSystem(0x958458f6) } }, "SUPPORTED"],
  [
    "another file is given",
    { calls: { memfd_create: 0, fstatfs: fileSystem(0xef53) } },
    "INCONCLUSIVE",
    /no such file/,
  ],
  ["there is no memfd_create", { calls: { memfd_create: "ENOSYS" } }, "UNSUPPORTED", /MFD_HUGETLB\): ENOSYS/],
  ["the flag is unknown", { calls: { memfd_create: "EINVAL" } }, "UNSUPPORTED", /EINVAL/],
  ["the machine has no huge pages", { calls: { memfd_create: "ENOENT" } }, "UNSUPPORTED", /no huge pages/],
  ["no size of huge pages is there", { calls: { memfd_create: "ENODEV" } }, "UNSUPPORTED", /no huge pages/],
  [
    "a filter may have said so",
    { calls: { memfd_create: "ENOENT" }, files: { "/proc/self/status": FILTERED_STATUS } },
    "INCONCLUSIVE",
    /seccomp/,
  ],
  [
    "executable memfds are forbidden",
    { calls: { memfd_create: "EACCES" }, files: noexec("2") },
    "BLOCKED",
    /EACCES/,
  ],
  ["it is refused for another reason", { calls: { memfd_create: "EACCES" }, files: noexec("1") }, "INCONCLUSIVE"],
  ["no memory is left", { calls: { memfd_create: "ENOMEM" } }, "INCONCLUSIVE", /ENOMEM/],
]);
