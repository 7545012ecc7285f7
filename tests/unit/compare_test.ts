import assert from "node:assert/strict";
import fc from "fast-check";
import { CPU_MODES, type CpuMode } from "../../fleet/compare_cpu.ts";
import { compareMachines } from "../../fleet/compare.ts";
import type { MachineReport } from "../../fleet/document.ts";
import { type CompareVerdict, type Severity, verdictOf } from "../../fleet/item.ts";
import { matrixOf } from "../../fleet/matrix.ts";
import { MACHINE, machine, withCpu, withTree, withVerdict, withWord } from "./machine_report.ts";

/** What is compared, which item it gives, and how heavy it is. */
type Row = readonly [source: MachineReport, target: MachineReport, id: string, severity: Severity, mode?: CpuMode];

const without = (index: number, bit: number) => withWord(index, (word) => word & ~(1 << bit));
const bigger = withCpu({ xsaveSize: 2696, xsaveSizeMax: 2696, xfeatures: "0xe5", xcr0: "0xe7", signalFrameSize: 3632 });

const ROWS: readonly Row[] = [
  [MACHINE, machine({ architecture: "aarch64", cpu: null }), "architecture", "blocks"],
  [MACHINE, machine({ kernel: { ...MACHINE.kernel, pageSize: 65536 } }), "page-size", "blocks"],
  // The processor, safe
  [MACHINE, without(9, 5), "cpu.avx2", "blocks"],
  [MACHINE, without(4, 12), "cpu.fma", "blocks"],
  [MACHINE, withCpu({ otherWords: { ...MACHINE.cpu!.otherWords, "7.1.eax": "0x00000000" } }), "cpu.avx_vnni", "blocks"],
  [MACHINE, without(9, 9), "cpu.erms", "advisory"],
  [MACHINE, bigger, "cpu.xsave-size", "risk"],
  [MACHINE, withCpu({ xsaveSizeMax: 2696 }), "cpu.xsave-size-max", "advisory"],
  [MACHINE, withCpu({ signalFrameSize: 2000 }), "cpu.signal-frame", "risk"],
  [MACHINE, withCpu({ xcr0: "0x3" }), "cpu.xfeatures", "blocks"],
  [withCpu({ xcr0: null }), withCpu({ xfeatures: null, xcr0: null }), "cpu.xfeatures", "unknown"],
  [MACHINE, withCpu({ vendor: "AMD" }), "cpu.vendor", "advisory"],
  [MACHINE, withCpu({ stepping: 2 }), "cpu.model", "advisory"],
  [MACHINE, withCpu({ processorsAlike: false }), "cpu.target-alike", "risk"],
  [MACHINE, withCpu({ source: "PROC_CPUINFO" }), "cpu.target-known", "unknown"],
  [withCpu({ source: "PROC_CPUINFO" }), MACHINE, "cpu.source-known", "unknown"],
  [MACHINE, machine({ cpu: null }), "cpu", "unknown"],
  // As criu
  [MACHINE, without(9, 9), "cpu.erms", "blocks", "criu-default"],
  [MACHINE, without(9, 9), "cpu.erms", "advisory", "fpu"],
  [MACHINE, without(4, 12), "cpu.fma", "advisory", "criu-default"],
  [MACHINE, bigger, "cpu.xsave-size", "blocks", "fpu"],
  [MACHINE, bigger, "cpu", "same", "ins"],
  [MACHINE, withCpu({ xsaveSize: null }), "cpu.xsave-size", "unknown", "fpu"],
  [MACHINE, withWord(14, (word) => word | 1), "cpu.word-6.eax", "blocks", "cpu"],
  [MACHINE, withCpu({ vendor: "OTHER" }), "cpu.criu", "blocks", "ins"],
  // The kernel
  [MACHINE, withVerdict("ns_last_pid", "UNSUPPORTED"), "feature.ns_last_pid", "blocks"],
  [MACHINE, withVerdict("ns_last_pid", "INCONCLUSIVE"), "feature.ns_last_pid", "unknown"],
  [MACHINE, withVerdict("timens", "UNSUPPORTED"), "feature.timens", "risk"],
  [MACHINE, withVerdict("mem_dirty_track", "UNSUPPORTED"), "feature.mem_dirty_track", "advisory"],
  [withVerdict("timens", "BLOCKED"), withVerdict("timens", "UNSUPPORTED"), "features", "same"],
  [MACHINE, machine({ kernel: { ...MACHINE.kernel, release: "6.1.0" } }), "kernel", "advisory"],
  // A tree that was looked at: what it does not use does not count
  [withTree(), MACHINE, "tree", "same"],
  [withTree({ dump: "BLOCKED" }), MACHINE, "tree.dump", "blocks"],
  [withTree({ dump: "UNKNOWN" }), MACHINE, "tree.dump", "unknown"],
  [withTree({ dump: "NEEDS_OPTIONS", options: ["--tcp-established"] }), MACHINE, "tree.dump", "advisory"],
  [withTree({ restore: "REFUSED" }), MACHINE, "tree.restore", "blocks"],
  [withTree({ restore: "STATE_LOST" }), MACHINE, "tree.restore", "risk"],
  [withTree({ restore: "UNKNOWN" }), MACHINE, "tree.restore", "unknown"],
  [withTree(), withVerdict("timens", "UNSUPPORTED"), "features", "same"],
  [withTree({ features: ["timens"] }), withVerdict("timens", "UNSUPPORTED"), "feature.timens", "risk"],
  [withTree(), withVerdict("ns_last_pid", "UNSUPPORTED"), "feature.ns_last_pid", "blocks"],
  [withTree(), machine({ lsm: { active: [], criu: "NO_LSM" } }), "lsm", "same"],
  [withTree({ profile: true }), machine({ lsm: { active: [], criu: "NO_LSM" } }), "lsm", "risk"],
  [withTree(), machine({ gpus: { nvidia: null, amdgpu: null } }), "plugins", "same"],
  [withTree({ nvidia: true }), machine({ gpus: { nvidia: null, amdgpu: null } }), "nvidia", "risk"],
  [withTree({ namespaces: ["net"] }), machine({ namespaces: [] }), "namespace.net", "risk"],
  [withTree(), machine({ namespaces: [] }), "cgroups", "same"],
  [withTree(), machine({ sysctls: [{ name: "kernel.pid_max", value: "32768" }] }), "sysctls", "same"],
  [
    withTree({ highestPid: 40000 }),
    machine({ sysctls: [{ name: "kernel.pid_max", value: "32768" }] }),
    "sysctl.kernel.pid_max",
    "risk",
  ],
  [
    withTree({ highestPid: 40000, namespaces: ["pid"] }),
    machine({ sysctls: [{ name: "kernel.pid_max", value: "32768" }] }),
    "sysctls",
    "same",
  ],
  [
    withTree({ mappings: 70000 }),
    machine({ sysctls: [{ name: "vm.max_map_count", value: "65530" }] }),
    "sysctl.vm.max_map_count",
    "risk",
  ],
  // The rest of the machine
  [MACHINE, machine({ lsm: { active: [], criu: "NO_LSM" } }), "lsm", "risk"],
  [machine({ lsm: { active: [], criu: "NO_LSM" } }), MACHINE, "lsm", "same"],
  [MACHINE, machine({ cgroups: { version: "V1", controllers: ["cpu", "memory"] } }), "cgroups", "risk"],
  [MACHINE, machine({ cgroups: { version: "V2", controllers: ["cpu"] } }), "cgroup-controllers", "advisory"],
  [MACHINE, machine({ namespaces: MACHINE.namespaces.slice(1) }), "namespace.cgroup", "risk"],
  [MACHINE, machine({ namespaces: MACHINE.namespaces.map((one) => ({ ...one, limit: 0 })) }), "namespace.user", "risk"],
  [MACHINE, machine({ vdso: null }), "vdso", "risk"],
  [MACHINE, machine({ vdso: { sizeBytes: 4096, symbols: ["__vdso_getcpu"] } }), "vdso", "risk"],
  [MACHINE, machine({ sysctls: [{ name: "kernel.pid_max", value: "32768" }] }), "sysctl.kernel.pid_max", "risk"],
  [MACHINE, machine({ sysctls: [{ name: "kernel.pid_max", value: "no number" }] }), "sysctls", "same"],
  [MACHINE, machine({ criu: null }), "criu", "risk"],
  [MACHINE, machine({ criu: { ...MACHINE.criu!, version: "3.19" } }), "criu", "risk"],
  [MACHINE, machine({ criu: { ...MACHINE.criu!, version: "5.0" } }), "criu", "same"],
  [MACHINE, machine({ criu: { ...MACHINE.criu!, plugins: [] } }), "plugin.cuda_plugin", "advisory"],
  [MACHINE, machine({ gpus: { nvidia: null, amdgpu: null } }), "nvidia", "risk"],
  [MACHINE, machine({ clocks: { ...MACHINE.clocks, source: "hpet" } }), "clock-source", "advisory"],
];

for (const [source, target, id, severity, mode = "safe"] of ROWS) {
  Deno.test(`${id} is ${severity} (${mode})`, () => {
    const { items, verdict } = compareMachines(source, target, mode);
    const item = items.find((one) => one.id === id);
    assert.equal(item?.severity, severity, JSON.stringify(items.filter((one) => one.severity !== "same"), null, 1));
    if (severity !== "same") assert.match(item.reason, /^[^.\n]+(\.[\w]+[^.\n]*)*$/, "a clause without a full stop");
    assert.equal(verdict, verdictOf(items.map((one) => one.severity)));
    assert.equal(new Set(items.map((one) => one.id)).size, items.length, "each id once");
  });
}

Deno.test("a machine is good for its own dumps, in every mode", () => {
  for (const mode of CPU_MODES) assert.equal(compareMachines(MACHINE, MACHINE, mode).verdict, "GOOD", mode);
});

Deno.test("none looks at no processor", () => {
  const { items } = compareMachines(MACHINE, without(9, 5), "none");
  assert.deepEqual(items.filter(({ id }) => id.startsWith("cpu")), []);
});

Deno.test("the worst counts, unknown before risk", () => {
  const cases: [Severity[], CompareVerdict][] = [
    [[], "GOOD"],
    [["same", "advisory"], "GOOD"],
    [["risk", "advisory"], "RISK"],
    [["risk", "unknown"], "UNKNOWN"],
    [["unknown", "blocks", "risk"], "BLOCKED"],
  ];
  for (const [severities, verdict] of cases) assert.equal(verdictOf(severities), verdict);
});

/** Machines with some of the differences of the rows in them. */
const machines = fc.array(fc.constantFrom(...new Set(ROWS.flatMap(([source, target]) => [source, target]))), {
  minLength: 1,
  maxLength: 12,
});

Deno.test("the matrix says of every pair what a comparison of the two says", () => {
  fc.assert(fc.property(machines, fc.constantFrom(...CPU_MODES), (reports, mode) => {
    const named = reports.map((report, i) => ({ name: String(i), report }));
    const { classes, verdicts, groups } = matrixOf(named, mode);
    const classOf = (i: number) => classes.findIndex((one) => one.machines.includes(String(i)));
    reports.forEach((source, i) =>
      reports.forEach((target, j) => {
        assert.equal(verdicts[classOf(i)]![classOf(j)], compareMachines(source, target, mode).verdict);
      })
    );
    assert.equal(groups.reduce((sum, group) => sum + group.machines.length, 0), reports.length);
    assert.equal(classes.reduce((sum, one) => sum + one.machines.length, 0), reports.length);
  }));
});
