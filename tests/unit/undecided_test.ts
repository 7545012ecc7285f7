import assert from "node:assert/strict";
import autofs from "../../probes/autofs.ts";
import cgroupns from "../../probes/cgroupns.ts";
import kcmp from "../../probes/kcmp.ts";
import map_files from "../../probes/map_files.ts";
import { FILTERED_STATUS, NOBODY_STATUS, type Reply } from "./fake_libc.ts";
import { probeOn } from "./probe_case.ts";

/** A machine where a mount that was made is not shown, which no kernel does. */
const machine = (files: Record<string, string>, self: string) => ({
  calls: { mount: 0, getpid: 4000 },
  files: { "/proc/4242/mountinfo": "", ...files },
  links: { "/proc/self": self, "/proc/self/fd/4": "pipe:[7]" },
});

for (
  const [name, files, self, text] of [
    ["under a seccomp filter", { "/proc/self/status": FILTERED_STATUS }, "4000", /without a seccomp filter/],
    ["with the /proc of another pid namespace", {}, "17", /mount the \/proc of this pid namespace/],
    ["otherwise", {}, "4000", /^run as root of the host/],
  ] as const
) {
  Deno.test(`an answer that no kernel gives is told with what would decide it, ${name}`, () => {
    const { verdict, reason, remedies } = probeOn(autofs, machine(files, self));
    assert.equal(verdict, "INCONCLUSIVE", `${reason}`);
    assert.match(`${reason}`, /does not show/);
    assert.match(remedies[0]!.text, text);
    assert.equal(remedies[0]!.cause, "UNDETERMINED");
  });
}

Deno.test("where a filter refuses what a capability would be needed for, both are named", () => {
  const status = NOBODY_STATUS.replace("Seccomp:\t0", "Seccomp:\t2");
  const causes = (unshare: Reply) =>
    probeOn(cgroupns, {
      calls: { unshare },
      files: { "/proc/self/status": status },
      links: { "/proc/4242/ns/cgroup": "cgroup:[7]", "/proc/self/ns/cgroup": "cgroup:[7]" },
    })
      .remedies.map(({ cause }) => cause);
  assert.deepEqual(causes("EPERM"), ["CAPABILITY", "SECCOMP"]);
  // The kernel sees that the flags are none before it looks at the capability.
  assert.deepEqual(causes(({ args }) => args[0] === -1 ? "EINVAL" : "EPERM"), ["CAPABILITY"]);
});

Deno.test("with no descriptor left it is undecided, with the limit, and nothing is said of criu", () => {
  const limit: Reply = ({ args, memory }) => {
    memory.setU64(args[3]!, 13);
    return 0;
  };
  // map_files: criu is known to overlook its refusals.
  const { verdict, reason, remedies, criuDiffers } = probeOn(map_files, {
    calls: { prlimit64: limit },
    files: { "/proc/self/map_files": "!EMFILE" },
  });
  assert.equal(verdict, "INCONCLUSIVE");
  assert.match(`${reason}`, /open\(\/proc\/self\/map_files\): EMFILE$/);
  assert.deepEqual(remedies.map(({ cause, command }) => [cause, command]), [["LIMIT", "ulimit -n 1024"]]);
  assert.match(remedies[0]!.why, /^RLIMIT_NOFILE is 13, /);
  assert.equal(criuDiffers, null);
});

Deno.test("where the rights cannot be read no cause is claimed, and no absence", () => {
  const unread = { "/proc/self/status": "!EMFILE" };
  for (
    const { verdict, reason, remedies } of [
      probeOn(kcmp, { calls: { kcmp: "ENOSYS" }, files: unread }),
      probeOn(kcmp, { calls: { kcmp: "EPERM" }, files: unread }),
      probeOn(autofs, machine(unread, "4000")),
    ]
  ) {
    assert.equal(verdict, "INCONCLUSIVE", `${reason}`);
    assert.match(remedies[0]!.why + reason, /\/proc\/self\/status cannot be read/);
    assert.match(`${remedies[0]!.command}`, /ulimit -n/);
  }
});
