import assert from "node:assert/strict";
import type { FakeMachine, Reply } from "../fake_libc.ts";
import { NOBODY_STATUS } from "../fake_libc.ts";
import tun from "../../../probes/tun.ts";
import { probeCases, probeOn } from "../probe_case.ts";

const NODE = { "/dev/net/tun": "" };
const MISC = "130 watchdog\n200 tun\n";
/** Takes an index from an address. */
const reads: Reply = ({ args }) => args[2] === 0 ? "EFAULT" : 0;
/** No module folder, no configuration: only what is said here. */
const asks = (ioctl: Reply): FakeMachine => ({ files: NODE, calls: { ioctl } });
const files = (more: Record<string, string>): FakeMachine => ({ files: more });

/** Root without CAP_NET_ADMIN. */
const WITHOUT = "Uid:\t0\t0\t0\t0\nCapEff:\t000001ffffffefff\nSeccomp:\t0\n";
const MOUNTS = "1 1 0:5 / /dev rw,nosuid,nodev - tmpfs tmpfs rw\n";

probeCases(tun, [
  ["the index is taken", asks(reads), "SUPPORTED"],
  ["it is taken from nowhere", asks(0), "INCONCLUSIVE", /no address\) answers 0/],
  ["the request is unknown", asks("EBADFD"), "UNSUPPORTED", /TUNSETIFINDEX, 13\): EBADFD/],
  ["the file is no TUN device", asks("ENOTTY"), "INCONCLUSIVE", /ENOTTY/],
  ["the driver is absent", files({ "/dev/net/tun": "!ENODEV" }), "UNSUPPORTED", /ENODEV/],
  ["the number is nobody's", files({ "/dev/net/tun": "!ENXIO" }), "UNSUPPORTED", /ENXIO/],
  ["only the file is missing", files({ "/proc/misc": MISC }), "BLOCKED", /has the driver/],
  ["file and driver are missing", files({ "/proc/misc": "130 watchdog\n" }), "UNSUPPORTED", /no driver/],
  [
    "the file is missing, the option too",
    files({ "/proc/sys/kernel/osrelease": "6.1\n", "/boot/config-6.1": "CONFIG_A=y\n# CONFIG_TUN is not set\n" }),
    "UNSUPPORTED",
    /CONFIG_TUN/,
  ],
  ["the file is missing, nothing else known", {}, "INCONCLUSIVE", /cannot be read/],
  ["/proc/misc is covered by an empty file", files({ "/proc/misc": "" }), "INCONCLUSIVE", /cannot be read/],
  ["the device cgroup refuses", files({ "/dev/net/tun": "!EPERM" }), "BLOCKED", /EPERM/],
  ["the mode refuses", files({ "/dev/net/tun": "!EACCES", "/proc/self/status": NOBODY_STATUS }), "BLOCKED", /EACCES/],
  ["devices are off", files({ "/dev/net/tun": "!EACCES", "/proc/self/mountinfo": MOUNTS }), "BLOCKED", /EACCES/],
  ["a security module refuses", files({ "/dev/net/tun": "!EACCES" }), "INCONCLUSIVE", /EACCES/],
  [
    "no device can be made",
    { files: { ...NODE, "/proc/self/status": WITHOUT }, calls: { ioctl: reads } },
    "BLOCKED",
    /TUNSETIFF/,
  ],
]);

Deno.test("tun tells which remedy each refusal has, and what criu says", () => {
  const cause = (machine: FakeMachine) => probeOn(tun, machine).remedies[0]?.cause;
  assert.equal(cause(files({ "/proc/misc": MISC })), "DEVICE");
  assert.equal(cause(files({ "/dev/net/tun": "!EPERM" })), "DEVICE");
  assert.equal(cause(files({ "/dev/net/tun": "!EACCES", "/proc/self/mountinfo": MOUNTS })), "MOUNT");
  assert.equal(cause(files({ "/dev/net/tun": "!EACCES", "/proc/self/status": NOBODY_STATUS })), "CAPABILITY");
  assert.match(probeOn(tun, files({ "/proc/misc": MISC })).criuDiffers?.why ?? "", /category/);
  assert.equal(probeOn(tun, asks("EBADFD")).criuDiffers, null);
});
