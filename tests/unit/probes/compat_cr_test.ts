import assert from "node:assert/strict";
import compat_cr from "../../../probes/compat_cr.ts";
import { type Call, FILTERED_STATUS } from "../fake_libc.ts";
import { probeCases, probeOn } from "../probe_case.ts";

const SIGSEGV = 11;
const SIGSYS = 31;
const ADDRESS = 0xf7f38000;
const calls = { arch_prctl: "EEXIST", mincore: ({ args }: Call) => args[0] === ADDRESS ? 0 : "ENOMEM" };
const off = { calls, compat: { signal: SIGSEGV } };
const config = (line: string) => ({
  "/proc/sys/kernel/osrelease": "6.8.0\n",
  "/boot/config-6.8.0": `CONFIG_IA32_EMULATION=y\n${line}\n`,
});

probeCases(compat_cr, [
  ["a 32-bit call maps below 4 GiB", { calls, compat: ADDRESS }, "SUPPORTED"],
  ["the child has no vDSO yet", { calls: { ...calls, arch_prctl: 4096 }, compat: ADDRESS }, "SUPPORTED"],
  ["half of the address is lost", { calls, compat: 0x12345000 }, "UNSUPPORTED", /nothing is mapped/],
  ["no 32-bit vDSO can be mapped", { calls: { ...calls, arch_prctl: "EINVAL" } }, "UNSUPPORTED", /VDSO_32.*EINVAL/],
  ["the call is refused", { calls, compat: "ENOMEM" }, "INCONCLUSIVE", /mmap2.*ENOMEM/],
  [
    "a filter may have refused the call",
    { calls, compat: "ENOSYS", files: { "/proc/self/status": FILTERED_STATUS } },
    "INCONCLUSIVE",
    /ENOSYS/,
  ],
  ["something kills the child", { calls, compat: { signal: SIGSYS } }, "INCONCLUSIVE", /signal 31/],
  [
    "a filter kills the child",
    { calls, compat: { signal: SIGSYS }, files: { "/proc/self/status": FILTERED_STATUS } },
    "BLOCKED",
    /SIGSYS/,
  ],
  ["the instruction is none", off, "UNSUPPORTED", /SIGSEGV/],
  [
    "it was switched off at boot",
    { ...off, files: { ...config(""), "/proc/cmdline": "quiet ia32_emulation=0 ro\n" } },
    "BLOCKED",
    /SIGSEGV/,
  ],
  [
    "it was built switched off",
    { ...off, files: config("CONFIG_IA32_EMULATION_DEFAULT_DISABLED=y") },
    "BLOCKED",
    /SIGSEGV/,
  ],
  ["it was switched on at boot in vain", { ...off, files: { "/proc/cmdline": "ia32_emulation=1\n" } }, "UNSUPPORTED"],
  ["it is refused without a cause", { calls: { ...calls, arch_prctl: "EPERM" } }, "INCONCLUSIVE", /EPERM/],
  ["no child can be made", { clone: "EAGAIN" }, "INCONCLUSIVE", /clone/],
]);

Deno.test("compat_cr names the boot option", () => {
  const files = { "/proc/cmdline": "ia32_emulation=off\n" };
  assert.equal(probeOn(compat_cr, { ...off, files }).remedies[0]?.cause, "BOOT_OPTION");
});
