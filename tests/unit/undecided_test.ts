import assert from "node:assert/strict";
import autofs from "../../probes/autofs.ts";
import cgroupns from "../../probes/cgroupns.ts";
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
