import map_files from "../../../probes/map_files.ts";
import { NOBODY_STATUS } from "../fake_libc.ts";
import { probeCases } from "../probe_case.ts";

/** The first mapping that the fake machine hands out. */
const LINK = "/proc/self/map_files/7f0000000000-7f0000001000";
const folder = { "/proc/self/map_files": "" };

probeCases(map_files, [
  ["the mapping's file opens", { files: { ...folder, [LINK]: "" } }, "SUPPORTED"],
  ["there is no such folder", {}, "UNSUPPORTED", /open\(\/proc\/self\/map_files\): ENOENT/],
  [
    "the capability is missing",
    {
      files: { ...folder, [LINK]: "!EPERM", "/proc/self/status": NOBODY_STATUS },
    },
    "BLOCKED",
    /EPERM/,
  ],
  [
    "the capability is held in a user namespace only",
    {
      files: { ...folder, [LINK]: "!EPERM" },
      links: { "/proc/self/ns/user": "user:[4026532000]" },
    },
    "BLOCKED",
    /EPERM/,
  ],
  ["root is refused", { files: { ...folder, [LINK]: "!EPERM" } }, "INCONCLUSIVE", /EPERM/],
  ["no descriptor is left", { files: { "/proc/self/map_files": "!EMFILE" } }, "INCONCLUSIVE", /EMFILE/],
  ["no memory can be mapped", { calls: { mmap: "ENOMEM" } }, "INCONCLUSIVE", /mmap/],
]);
