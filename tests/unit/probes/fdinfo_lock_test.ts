import assert from "node:assert/strict";
import type { FakeMachine, Reply } from "../fake_libc.ts";
import fdinfo_lock from "../../../probes/fdinfo_lock.ts";
import { probeCases, probeOn } from "../probe_case.ts";

const LINE = "lock:\t1: FLOCK  ADVISORY  READ 25055 00:15:229420 0 EOF\n";
const fdinfo = (text: string, flock: Reply = 0, more: Record<string, string> = { "/proc/locks": "" }): FakeMachine => ({
  files: { "/proc/self/fdinfo": "", "/proc/self/fdinfo/3": text, ...more },
  calls: { flock },
});
const HEAD = "pos:\t0\nflags:\t02100000\nmnt_id:\t22\n";

probeCases(fdinfo_lock, [
  ["the lock is told", fdinfo(HEAD + LINE), "SUPPORTED"],
  ["/proc/locks is hidden", fdinfo(HEAD + LINE, 0, {}), "SUPPORTED"],
  ["no lock is told", fdinfo(HEAD), "UNSUPPORTED", /no line lock/],
  ["there are no locks", fdinfo(HEAD + LINE, "ENOSYS"), "UNSUPPORTED", /flock.*ENOSYS/],
  ["the line is empty", fdinfo(HEAD + "lock:\t\n"), "INCONCLUSIVE", /does not tell/],
  ["another lock is told", fdinfo(HEAD + LINE.replace("READ", "WRITE")), "INCONCLUSIVE", /does not tell/],
  ["another file is there", fdinfo(""), "INCONCLUSIVE", /lines of an open file/],
  ["no more locks can be had", fdinfo(HEAD + LINE, "ENOLCK"), "INCONCLUSIVE", /ENOLCK/],
]);

Deno.test("fdinfo_lock says that criu ends where /proc/locks is hidden, and only there", () => {
  assert.equal(probeOn(fdinfo_lock, fdinfo(HEAD + LINE, 0, {})).criuDiffers?.verdict, "UNSUPPORTED");
  assert.equal(probeOn(fdinfo_lock, fdinfo(HEAD + LINE)).criuDiffers, null);
});
