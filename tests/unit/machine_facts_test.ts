import assert from "node:assert/strict";
import fc from "fast-check";
import { Sys } from "../../ffi/sys.ts";
import { PTRACE_GETREGSET } from "../../ffi/uapi.ts";
import { AT, auxv } from "../../host/auxv.ts";
import { cgroups } from "../../host/cgroups.ts";
import { clocks } from "../../host/clocks.ts";
import { readCpu } from "../../host/cpu.ts";
import { engines, parseFeatures } from "../../host/engines.ts";
import { gpus, nvidiaDriver } from "../../host/gpus.ts";
import { Host } from "../../host/host.ts";
import { installedCriu } from "../../host/criu.ts";
import { hasAppArmorProfile, lsm } from "../../host/lsm.ts";
import { sysctls } from "../../host/sysctls.ts";
import { fakeLibc, type FakeMachine } from "./fake_libc.ts";

function machine(fake: FakeMachine): { sys: Sys; host: Host } {
  const sys = new Sys(fakeLibc(fake), []);
  return { sys, host: new Host(sys) };
}

const mountinfo = (...mounts: readonly [point: string, type: string, options: string][]) =>
  mounts.map(([point, type, options], i) => `${i} 1 0:${i} / ${point} rw - ${type} ${type} ${options}\n`).join("");
const V1_TABLE = "#subsys_name\thierarchy\tnum_cgroups\tenabled\ncpu\t1\t1\t1\nmemory\t2\t1\t1\n";

const CGROUPS: readonly (readonly [files: Record<string, string>, expected: unknown])[] = [
  [{}, { version: "NONE", controllers: [] }],
  [
    {
      "/proc/self/mountinfo": mountinfo(["/sys/fs/cgroup", "cgroup2", "rw"]),
      "/sys/fs/cgroup/cgroup.controllers": "memory cpu\n",
    },
    { version: "V2", controllers: ["cpu", "memory"] },
  ],
  [
    {
      "/proc/self/mountinfo": mountinfo(["/c/cpu", "cgroup", "rw,cpu"], ["/c/s", "cgroup", "rw,name=systemd"]),
      "/proc/cgroups": V1_TABLE,
    },
    { version: "V1", controllers: ["cpu"] },
  ],
  [
    {
      "/proc/self/mountinfo": mountinfo(["/c/cpu", "cgroup", "rw,cpu"], ["/c/unified", "cgroup2", "rw"]),
      "/proc/cgroups": V1_TABLE,
      "/c/unified/cgroup.controllers": "\n",
    },
    { version: "HYBRID", controllers: ["cpu"] },
  ],
];
CGROUPS.forEach(([files, expected], i) => {
  Deno.test(`cgroups are told by the mounts (${i})`, () =>
    assert.deepEqual(cgroups(machine({ files }).host), expected));
});

Deno.test("the security module is the one that CRIU takes: AppArmor first, then SELinux", () => {
  const of = (files: Record<string, string>) => lsm(machine({ files }).host);
  assert.deepEqual(of({}), { active: [], criu: "NO_LSM" });
  assert.deepEqual(of({ "/sys/kernel/security/lsm": "capability,selinux", "/sys/fs/selinux/enforce": "1" }), {
    active: ["capability", "selinux"],
    criu: "SELINUX",
  });
  assert.equal(of({ "/sys/kernel/security/apparmor": "", "/sys/fs/selinux/enforce": "1" }).criu, "APPARMOR");
});

Deno.test("a profile is loaded, not loaded, or cannot be seen", () => {
  const files = { "/sys/kernel/security/apparmor/profiles": "docker-default (enforce)\n/usr/bin/man (complain)\n" };
  const { host } = machine({ files });
  assert.equal(hasAppArmorProfile(host, "docker-default"), true);
  assert.equal(hasAppArmorProfile(host, "/usr/bin/man"), true);
  assert.equal(hasAppArmorProfile(host, "docker"), false);
  assert.equal(hasAppArmorProfile(machine({}).host, "docker"), undefined);
});

Deno.test("clocks, with and without a shifted time namespace", () => {
  const files = {
    "/proc/uptime": "1234.56 99.00\n",
    "/sys/devices/system/clocksource/clocksource0/current_clocksource": "tsc\n",
    "/proc/self/timens_offsets": "monotonic           0         0\nboottime            0         0\n",
  };
  assert.deepEqual(clocks(machine({ files }).host), { source: "tsc", uptimeSeconds: 1234.56, shifted: false });
  const shifted = {
    ...files,
    "/proc/self/timens_offsets": "monotonic        -100         0\nboottime            0         0\n",
  };
  assert.equal(clocks(machine({ files: shifted }).host).shifted, true);
  assert.deepEqual(clocks(machine({}).host), { source: null, uptimeSeconds: null, shifted: null });
});

Deno.test("a sysctl that is not there is null", () => {
  const values = sysctls(machine({ files: { "/proc/sys/kernel/pid_max": "32768\n" } }).host);
  assert.equal(values.find(({ name }) => name === "kernel.pid_max")?.value, "32768");
  assert.equal(values.find(({ name }) => name === "vm.max_map_count")?.value, null);
});

Deno.test("the auxiliary vector ends at its end", () => {
  const bytes = new Uint8Array(new BigUint64Array([6n, 4096n, 51n, 3376n, 0n, 0n, 16n, 1n]).buffer);
  const vector = auxv(machine({ files: { "/proc/self/auxv": bytes } }).host);
  assert.deepEqual([vector.get(AT.PAGESZ), vector.get(AT.MINSIGSTKSZ), vector.get(AT.HWCAP)], [
    4096n,
    3376n,
    undefined,
  ]);
});

const NVIDIA = "NVRM version: NVIDIA UNIX x86_64 Kernel Module  570.86.15  Thu Jan 23 2025\nGCC version:\n";
Deno.test("GPUs are told by their drivers", () => {
  assert.equal(nvidiaDriver(NVIDIA), "570.86.15");
  assert.equal(
    nvidiaDriver("NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  580.65.06  Release Build\n"),
    "580.65.06",
  );
  assert.equal(nvidiaDriver("?"), null);
  const { sys, host } = machine({
    files: { "/proc/driver/nvidia/version": NVIDIA, "/dev/kfd": "", "/sys/module/amdgpu/version": "6.7\n" },
  });
  assert.deepEqual(gpus(sys, host), {
    nvidia: { driver: "570.86.15", gpus: 0, cudaCheckpoint: null },
    amdgpu: { driver: "6.7" },
  });
  const none = machine({});
  assert.deepEqual(gpus(none.sys, none.host), { nvidia: null, amdgpu: null });
});

const environment = { PATH: "/usr/bin" };
Deno.test("criu is asked for its version, and what goes wrong is told", () => {
  const asked = (program?: { output?: string; code?: number }) => {
    const programs = program ? { "/usr/bin/criu": program } : {};
    const { sys, host } = machine({ environment, programs, files: program ? { "/usr/bin/criu": "" } : {} });
    return installedCriu(sys, host);
  };
  assert.equal(asked(), null);
  assert.deepEqual(asked({ output: "Version: 4.2\nGitID: v4.2\n" }), {
    path: "/usr/bin/criu",
    version: "4.2",
    fault: null,
    plugins: [],
    configFiles: [],
  });
  assert.equal(asked({ output: "no version" })?.fault, "it does not say its version");
  assert.equal(asked({ code: 127 })?.fault, "exit code 127");
});

Deno.test("what a runtime declares, and what it does not", () => {
  const features = (text: string) => {
    const programs = { "/usr/bin/runc": { output: text } };
    const { sys } = machine({ environment, programs, files: { "/usr/bin/runc": "" } });
    return engines(sys)[0]!;
  };
  const annotations = {
    "org.opencontainers.runc.checkpoint.enabled": "true",
    "org.opencontainers.runc.version": "1.2.3",
  };
  const declared = features(JSON.stringify({ ociVersionMin: "1.0.0", ociVersionMax: "1.2.0", annotations }));
  assert.deepEqual(declared, {
    name: "runc",
    path: "/usr/bin/runc",
    ociVersionMin: "1.0.0",
    ociVersionMax: "1.2.0",
    checkpoint: true,
    version: "1.2.3",
    fault: null,
  });
  assert.equal(features("{}").checkpoint, null, "absent is no no");
  assert.equal(features('{"annotations": {"org.opencontainers.runc.checkpoint.enabled": "false"}}').checkpoint, false);
  assert.equal(features("runc: unknown command").fault, "its features are no JSON");
  assert.deepEqual(engines(machine({ environment }).sys), []);
  fc.assert(fc.property(fc.json(), (text) => void parseFeatures(text, "a", "b")));
});

// ---- the three ways to ask the processor

const CPUINFO =
  "processor\t: 0\nvendor_id\t: GenuineIntel\ncpu family\t: 6\nmodel\t\t: 60\nmodel name\t: X\nstepping\t: 3\n" +
  "flags\t\t: fpu fxsr sse sse2 xsave avx\n\n";
/** CPUID faults for this task, as with arch_prctl(ARCH_SET_CPUID, 0). */
const FAULTING = { arch_prctl: 0 };
/** What ptrace gives of a child's xsave area: 832 bytes, XCR0 7. */
const XSTATE = {
  [PTRACE_GETREGSET]: ({ args, memory }: { args: readonly number[]; memory: Sys["memory"] }) => {
    const iov = args[3]!;
    if (args[2] === 0x202) {
      memory.setU64(Number(memory.u64(iov)) + 464, 7n);
      memory.setU64(iov + 8, 832);
    }
    return 0;
  },
};

Deno.test("where CPUID faults, its device is read", () => {
  const leaf = (eax: number, ebx: number, ecx: number, edx: number) => [eax, ebx, ecx, edx];
  const leaves: Record<number, number[]> = {
    0: leaf(0xd, 0x756e6547, 0x6c65746e, 0x49656e69),
    1: leaf(0x306c3, 0, 1 << 26 | 1 << 27 | 1 << 28, 1 | 1 << 24 | 1 << 25),
    0xd: leaf(7, 832, 832, 0),
  };
  const pread64 = ({ args, memory }: { args: readonly number[]; memory: Sys["memory"] }) => {
    const registers = args[3]! < 2 ** 32 ? leaves[args[3]!] : undefined;
    (registers ?? [0, 0, 0, 0]).forEach((value, i) => memory.setU32(args[1]! + i * 4, value));
    return 16;
  };
  const files = { "/dev/cpu/0/cpuid": "", "/proc/cpuinfo": CPUINFO };
  const { sys, host } = machine({ files, calls: { ...FAULTING, pread64 }, ptrace: XSTATE });
  const cpu = readCpu(sys, host)!;
  assert.equal(cpu.source, "CPUID_DEVICE");
  assert.deepEqual([cpu.vector.vendor, cpu.vector.model, cpu.vector.xfeatures, cpu.vector.xsaveSize], [
    "INTEL",
    60,
    5n,
    832,
  ]);
  assert.deepEqual([cpu.xcr0, cpu.xsaveSizeInUse], [7n, 832]);
});

Deno.test("without the device, the kernel's own view and a child's xsave area are all there is", () => {
  const { sys, host } = machine({ files: { "/proc/cpuinfo": CPUINFO }, calls: FAULTING, ptrace: XSTATE });
  const cpu = readCpu(sys, host)!;
  assert.equal(cpu.source, "PROC_CPUINFO");
  assert.deepEqual([cpu.vector.vendor, cpu.vector.xfeatures, cpu.vector.xsaveSize], ["INTEL", 5n, undefined]);
  assert.deepEqual([cpu.xcr0, cpu.xsaveSizeInUse, cpu.processorsAlike], [7n, 832, true]);
});

Deno.test("where ptrace is refused too, less is known, and nothing is made up", () => {
  const { sys, host } = machine({ files: { "/proc/cpuinfo": CPUINFO }, calls: { ...FAULTING, ptrace: "EPERM" } });
  const cpu = readCpu(sys, host)!;
  assert.deepEqual([cpu.source, cpu.vector.xfeatures, cpu.xcr0, cpu.xsaveSizeInUse], [
    "PROC_CPUINFO",
    undefined,
    null,
    null,
  ]);
  const nothing = machine({ calls: FAULTING });
  assert.equal(readCpu(nothing.sys, nothing.host), null);
});
