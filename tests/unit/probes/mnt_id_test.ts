import type { FakeMachine } from "../fake_libc.ts";
import mnt_id from "../../../probes/mnt_id.ts";
import { probeCases } from "../probe_case.ts";

const fdinfo = (text: string): FakeMachine => ({ files: { "/proc/self/fdinfo": "", "/proc/self/fdinfo/3": text } });

probeCases(mnt_id, [
  ["the line is there", fdinfo("pos:\t0\nflags:\t02100000\nmnt_id:\t22\nino:\t1\n"), "SUPPORTED"],
  ["the line is not there", fdinfo("pos:\t0\nflags:\t02100000\n"), "UNSUPPORTED", /no line mnt_id/],
  ["the line has no mount", fdinfo("flags:\t02\nmnt_id:\t-1\n"), "INCONCLUSIVE", /mnt_id: -1/],
  ["another file is there", fdinfo(""), "INCONCLUSIVE", /lines of an open file/],
  ["the file cannot be read", fdinfo("!EACCES"), "INCONCLUSIVE", /EACCES/],
  ["/proc is not mounted", {}, "INCONCLUSIVE", /ENOENT/],
  ["no descriptor is free", { files: { "/proc/self/fdinfo": "!EMFILE" } }, "INCONCLUSIVE", /EMFILE/],
]);
