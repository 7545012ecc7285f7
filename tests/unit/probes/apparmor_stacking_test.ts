import assert from "node:assert/strict";
import { Sys } from "../../../ffi/sys.ts";
import { Host } from "../../../host/host.ts";
import apparmor_stacking from "../../../probes/apparmor_stacking.ts";
import { fakeLibc } from "../fake_libc.ts";
import { probeCases, probeOn } from "../probe_case.ts";

const FOLDER = "/sys/kernel/security/apparmor";
const features = (stack: string, version: string) => ({
  files: {
    [FOLDER]: "",
    [`${FOLDER}/features`]: "",
    [`${FOLDER}/features/domain/stack`]: `${stack}\n`,
    [`${FOLDER}/features/domain/version`]: `${version}\n`,
  },
});
const config = { "/proc/sys/kernel/osrelease": "6.8.0\n", "/boot/config-6.8.0": "CONFIG_SECURITY_APPARMOR=y\n" };

probeCases(apparmor_stacking, [
  ["the version is 1.2", features("yes", "1.2"), "SUPPORTED"],
  ["the version is 2.0", features("yes", "2.0"), "SUPPORTED"],
  ["the version is 1.10", features("yes", "1.10"), "SUPPORTED"],
  ["the version is 1.1", features("yes", "1.1"), "UNSUPPORTED", /less than 1\.2/],
  ["the version is none", features("yes", "new"), "INCONCLUSIVE", /no version/],
  ["stacking is off", features("no", "1.2"), "UNSUPPORTED", /instead of "yes"/],
  ["the kernel's AppArmor is older", { files: { [FOLDER]: "", [`${FOLDER}/features`]: "" } }, "UNSUPPORTED", /ENOENT/],
  ["AppArmor is not in use", { files: config }, "UNSUPPORTED", /not in use/],
  ["AppArmor is not built in", {}, "UNSUPPORTED", /not in use/],
  [
    "securityfs is not mounted",
    { files: { "/proc/self/attr/apparmor/current": "docker-default (enforce)\n" } },
    "BLOCKED",
    /though AppArmor is in use/,
  ],
  [
    "securityfs is not mounted on an old kernel",
    { files: { "/sys/module/apparmor/parameters/enabled": "Y\n" } },
    "BLOCKED",
  ],
  [
    "AppArmor was switched off at boot",
    { files: { ...config, "/sys/module/apparmor/parameters/enabled": "N\n", "/proc/cmdline": "ro apparmor=0\n" } },
    "UNSUPPORTED",
  ],
  [
    "the file may not be read",
    { files: { ...features("yes", "1.2").files, [`${FOLDER}/features/domain/stack`]: "!EACCES" } },
    "INCONCLUSIVE",
    /EACCES/,
  ],
]);

Deno.test("apparmor_stacking says why AppArmor is not in use", () => {
  const files = { ...config, "/proc/cmdline": "ro apparmor=0\n" };
  assert.equal(probeOn(apparmor_stacking, { files }).remedies[0]?.cause, "BOOT_OPTION");
});

Deno.test("apparmor_stacking says where criu compares the version wrongly", () => {
  assert.equal(probeOn(apparmor_stacking, features("yes", "2.1")).criuDiffers?.verdict, "UNSUPPORTED");
  assert.equal(probeOn(apparmor_stacking, features("yes", "1.2")).criuDiffers, null);
});

Deno.test("apparmor_stacking belongs to its category only where criu sees AppArmor", () => {
  const applies = (files: Record<string, string>) =>
    apparmor_stacking.appliesHere!(new Host(new Sys(fakeLibc({ files }), [])));
  assert.equal(applies({ [FOLDER]: "" }), true);
  assert.equal(applies({}), false);
});
