import { type FakeMachine, FILTERED_STATUS, type Reply } from "../fake_libc.ts";
import fdinfo_lock from "../../../probes/fdinfo_lock.ts";
import { probeCases } from "../probe_case.ts";

const LINE = "lock:\t1: FLOCK  ADVISORY  READ 25055 00:15:229420 0 EOF\n";
const fdinfo = (text: string, flock: Reply = 0): FakeMachine => ({
  files: { "/proc/self/fdinfo": "", "/proc/self/fdinfo/3": text },
  calls: { flock },
});
const HEAD = "pos:\t0\nflags:\t02100000\nmnt_id:\t22\n";

probeCases(fdinfo_lock, [
  ["the lock is told", fdinfo(HEAD + LINE), "SUPPORTED"],
  ["no lock is told", fdinfo(HEAD), "UNSUPPORTED", /no line lock/],
  [
    "no lock is told, and a filter may be why",
    { ...fdinfo(HEAD), files: { ...fdinfo(HEAD).files, "/proc/self/status": FILTERED_STATUS } },
    "INCONCLUSIVE",
    /no line lock/,
  ],
  ["there are no locks", fdinfo(HEAD + LINE, "ENOSYS"), "UNSUPPORTED", /flock.*ENOSYS/],
  ["the line is empty", fdinfo(HEAD + "lock:\t\n"), "INCONCLUSIVE", /does not tell/],
  ["another lock is told", fdinfo(HEAD + LINE.replace("READ", "WRITE")), "INCONCLUSIVE", /does not tell/],
  ["another file is there", fdinfo(""), "INCONCLUSIVE", /lines of an open file/],
  ["no more locks can be had", fdinfo(HEAD + LINE, "ENOLCK"), "INCONCLUSIVE", /ENOLCK/],
]);
