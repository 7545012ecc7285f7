import assert from "node:assert/strict";
import { Sys } from "../../ffi/sys.ts";
import { Host } from "../../host/host.ts";
import { onDiskOnly } from "../../probes/remedies.ts";
import { fakeLibc } from "./fake_libc.ts";

const FOLDER = "/lib/modules/6.1.0";
const host = (more: Record<string, string> = {}) =>
  new Host(
    new Sys(
      fakeLibc({
        files: {
          "/proc/sys/kernel/osrelease": "6.1.0\n",
          "/proc/modules": "tun 1 0 - Live 0x0\n",
          [`${FOLDER}/modules.dep`]: "kernel/raw_diag.ko:\nkernel/inet_diag.ko:\n",
          ...more,
        },
      }),
      [],
    ),
  );

Deno.test("a module on disk that was not loaded blocks, with what keeps it out", () => {
  const answer = onDiskOnly(["raw_diag", "tun"], "no", host({ "/proc/sys/kernel/modules_disabled": "1\n" }));
  assert.equal(answer?.verdict, "BLOCKED");
  assert.match(
    answer!.verdict === "BLOCKED" ? answer.remedies[0].why : "",
    /raw_diag is on disk.*modules_disabled is 1/,
  );
});

for (
  const [name, modules] of [
    ["a module that is nowhere", ["raw_diag", "nowhere"]],
    ["a module that is loaded", ["tun"]],
    ["none", []],
  ] as const
) {
  Deno.test(`${name} is no such block`, () => assert.equal(onDiskOnly(modules, "no", host()), undefined));
}

Deno.test("a folder of modules that cannot be read tells nothing", () => {
  assert.equal(onDiskOnly(["raw_diag"], "no", new Host(new Sys(fakeLibc(), []))), undefined);
});
