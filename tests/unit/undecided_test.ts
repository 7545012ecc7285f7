import assert from "node:assert/strict";
import autofs from "../../probes/autofs.ts";
import { FILTERED_STATUS } from "./fake_libc.ts";
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
