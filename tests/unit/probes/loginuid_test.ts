import assert from "node:assert/strict";
import type { FakeMachine } from "../fake_libc.ts";
import { CRIU_USER_STATUS, NOBODY_STATUS, ROOT_STATUS } from "../fake_libc.ts";
import loginuid from "../../../probes/loginuid.ts";
import { probeCases, probeOn } from "../probe_case.ts";

const PATH = "/proc/self/loginuid";

/** A child whose loginuid is `first`; `refused` is the errno of the writing of one value, `kept` ignores writes. */
function machine(first: string, refused: Record<string, string> = {}, status = ROOT_STATUS, kept = false): FakeMachine {
  let now = first;
  return {
    files: { [PATH]: first, "/proc/self/status": status },
    calls: {
      write({ args, memory, child }) {
        // This process's own is left alone.
        assert(child);
        const text = memory.text(args[1]!, args[2]!);
        if (text in refused) return refused[text]!;
        if (!kept) now = text;
        return args[2]!;
      },
      pread64({ args, memory }) {
        memory.write(args[1]!, new TextEncoder().encode(now));
        return now.length;
      },
    },
  };
}
const UNSET = "4294967295";
const WITHOUT = "Uid:\t0\t0\t0\t0\nCapEff:\t000001ffbfffffff\nSeccomp:\t0\n";

probeCases(loginuid, [
  ["it was not set", machine(UNSET), "SUPPORTED"],
  ["it was set", machine("1000"), "SUPPORTED"],
  ["nobody may set what is not set", machine(UNSET, {}, NOBODY_STATUS), "SUPPORTED"],
  ["there is no such file", {}, "UNSUPPORTED", /loginuid\): ENOENT/],
  [
    "/proc is read-only",
    { files: { [PATH]: "!EROFS", "/proc/self/mountinfo": "22 1 0:20 / /proc ro,nosuid - proc proc ro\n" } },
    "BLOCKED",
    /EROFS/,
  ],
  ["the capability is missing", machine("1000", { [UNSET]: "EPERM" }, WITHOUT), "BLOCKED", /4294967295\): EPERM/],
  ["it is locked", machine("1000", { [UNSET]: "EPERM" }), "INCONCLUSIVE", /CAP_AUDIT_CONTROL is held/],
  ["it may be unset, not set", machine("1000", { "1000": "EINVAL" }), "INCONCLUSIVE", /1000\): EINVAL/],
  ["it cannot be unset", machine("1000", {}, ROOT_STATUS, true), "INCONCLUSIVE", /does not have/],
  ["it cannot be set", machine(UNSET, {}, ROOT_STATUS, true), "INCONCLUSIVE", /does not have/],
  ["the file cannot be opened", { files: { [PATH]: "!EACCES" } }, "INCONCLUSIVE", /EACCES/],
  ["no child can be made", { clone: "EAGAIN" }, "INCONCLUSIVE", /clone/],
]);

Deno.test("loginuid says that criu does not ask with --unprivileged, and only then", () => {
  assert.equal(probeOn(loginuid, machine(UNSET, {}, CRIU_USER_STATUS)).criuDiffers?.verdict, "UNSUPPORTED");
  assert.equal(probeOn(loginuid, machine(UNSET)).criuDiffers, null);
});
