import type { MachineReport } from "../../fleet/document.ts";
import { PROBES } from "../../probes/registry.ts";

/** A machine that has everything: what the tests change in one place. */
export const MACHINE: MachineReport = {
  schemaVersion: 1,
  tool: "cready 0.1.0",
  madeAt: "2026-01-02T03:04:05.678Z",
  machine: "node-1",
  architecture: "x86_64",
  kernel: {
    release: "6.12.0",
    pageSize: 4096,
    findings: PROBES.map(({ id, criuName, category }) => ({
      id,
      criuName,
      category,
      verdict: "SUPPORTED",
      reason: null,
    })),
  },
  privilege: {
    uid: 0,
    capabilities: ["CAP_SYS_ADMIN"],
    seccompFilters: 0,
    initialUserNamespace: true,
    container: null,
  },
  cpu: {
    source: "CPUID_INSTRUCTION",
    vendor: "INTEL",
    family: 6,
    model: 60,
    stepping: 1,
    modelName: "A processor",
    level: 3,
    compatId: "0123456789ab",
    capabilityWords: [
      "0x1f8bfbff",
      "0x2c100800",
      "0x00000000",
      "0x02110000",
      "0xfffa3203",
      "0x00000000",
      "0x00000121",
      "0x00000000",
      "0x00000000",
      "0x001c2ffb",
      "0x0000000f",
      "0x00000000",
      "0x00000000",
      "0x00000000",
      "0x00000004",
      "0x00000000",
      "0x00000000",
      "0x00000000",
      "0x00000010",
    ],
    otherWords: {
      "7.1.eax": "0x00000010",
      "7.1.edx": "0x00000000",
      "14.0.ebx": "0x00000000",
      "19.0.ebx": "0x00000000",
      "1e.1.eax": "0x00000000",
      "24.0.ebx": "0x00000000",
    },
    instructions: ["fpu", "osxsave"],
    xfeatures: "0x5",
    xcr0: "0x7",
    xsaveSize: 832,
    xsaveSizeMax: 832,
    xsaveSizeInUse: 832,
    signalFrameSize: 1776,
    processorsAlike: true,
  },
  armCpu: null,
  cgroups: { version: "V2", controllers: ["cpu", "memory"] },
  lsm: { active: ["capability", "apparmor"], criu: "APPARMOR" },
  namespaces: ["cgroup", "ipc", "mnt", "net", "pid", "time", "user", "uts"].map((kind) => ({ kind, limit: 1000 })),
  clocks: { source: "tsc", uptimeSeconds: 1000, shifted: false },
  vdso: { sizeBytes: 8192, symbols: ["__vdso_clock_gettime", "__vdso_getcpu"] },
  sysctls: [{ name: "kernel.pid_max", value: "4194304" }, { name: "vm.max_map_count", value: "65530" }],
  criu: { path: "/usr/sbin/criu", version: "4.2", fault: null, plugins: ["cuda_plugin"], configFiles: [] },
  gpus: { nvidia: { driver: "570.86", gpus: 1, cudaCheckpoint: null }, amdgpu: null },
  process: null,
  engines: [],
};

/** The machine with something else in it. */
export function machine(changes: Partial<MachineReport> = {}): MachineReport {
  return { ...MACHINE, ...changes };
}

/** The machine with something else in its processor. */
export function withCpu(changes: Partial<NonNullable<MachineReport["cpu"]>>): MachineReport {
  return machine({ cpu: { ...MACHINE.cpu!, ...changes } });
}

/** The machine with one register of its processor changed by `change`. */
export function withWord(index: number, change: (word: number) => number): MachineReport {
  const words = [...MACHINE.cpu!.capabilityWords];
  words[index] = `0x${(change(Number(words[index])) >>> 0).toString(16).padStart(8, "0")}`;
  return withCpu({ capabilityWords: words });
}

/** The machine with another verdict on one feature. */
export function withVerdict(id: string, verdict: "UNSUPPORTED" | "BLOCKED" | "INCONCLUSIVE"): MachineReport {
  const findings = MACHINE.kernel.findings.map((one) => one.id === id ? { ...one, verdict, reason: "not here" } : one);
  return machine({ kernel: { ...MACHINE.kernel, findings } });
}

/** A tree that uses nothing. */
const TREE: NonNullable<MachineReport["process"]> = {
  name: "sleep",
  tasks: 1,
  dump: "DUMPABLE",
  restore: "EXPECTED",
  rules: [],
  options: [],
  features: [],
  namespaces: [],
  highestPid: 1000,
  mappings: 30,
  highestCapability: -1,
  profile: false,
  nvidia: false,
  amdgpu: false,
};

/** The machine with a tree on it. */
export function withTree(changes: Partial<NonNullable<MachineReport["process"]>> = {}): MachineReport {
  return machine({ process: { ...TREE, ...changes } });
}
