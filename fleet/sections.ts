import type { MachineReport } from "./document.ts";
import { compareArmCpus } from "./compare_arm.ts";
import { comparedArmCpu } from "./arm_vector.ts";
import { compareCpus, type CpuMode } from "./compare_cpu.ts";
import { comparedCpu } from "./vector.ts";
import { compareFeatures } from "./compare_features.ts";
import { compareSysctls, sysctlsThatWeigh } from "./compare_sysctls.ts";
import { compareCriu, compareGpus } from "./compare_tools.ts";
import { type Item, item, same } from "./item.ts";

/**
 * One independent part of a comparison. Two machines with equal keys get the same verdict beside every other machine, so
 * a thousand reports need only as many comparisons as there are pairs of different keys.
 */
export interface Section {
  /** What of a report decides about the verdict of this section. */
  key(report: MachineReport): unknown;
  compare(source: MachineReport, target: MachineReport): Item[];
  /** True where no item of it ever weighs more than `advisory`. */
  readonly advisoryOnly?: true;
}

/** All parts, most important first. */
export function sections(mode: CpuMode): readonly Section[] {
  return [
    { key: (r) => [r.architecture, r.kernel.pageSize], compare: compareArchitecture },
    { key: (r) => [r.architecture, r.cpu, r.armCpu], compare: (s, t) => compareReportedCpus(s, t, mode) },
    {
      key: (r) => [r.process?.features, r.kernel.findings.map(({ id, verdict }) => [id, verdict])],
      compare: compareFeatures,
    },
    {
      key: (
        r,
      ) => [
        r.lsm.criu,
        r.process?.profile,
        r.process?.namespaces,
        r.cgroups.version,
        r.namespaces.map(({ kind, limit }) => [kind, limit === 0]),
      ],
      compare: compareSystem,
    },
    { key: (r) => [r.process?.dump, r.process?.restore], compare: compareTree },
    { key: (r) => r.vdso, compare: compareVdso },
    { key: sysctlsThatWeigh, compare: compareSysctls },
    { key: (r) => r.criu, compare: compareCriu },
    { key: (r) => [r.gpus, r.criu?.plugins, r.process?.nvidia, r.process?.amdgpu], compare: compareGpus },
    { key: (r) => r.clocks, compare: compareClocks, advisoryOnly: true },
    { key: (r) => r.kernel.release, compare: compareRelease, advisoryOnly: true },
  ];
}

function compareArchitecture(source: MachineReport, target: MachineReport): Item[] {
  if (source.architecture !== target.architecture) {
    const reason = "a dump is a picture of one architecture's registers and code";
    return [
      item("architecture", source.architecture, target.architecture, "blocks", reason, "restore on the same one"),
    ];
  }
  const [a, b] = [source.kernel.pageSize, target.kernel.pageSize];
  if (a === b) return [same("architecture", source.architecture)];
  return [
    item(
      "page-size",
      String(a),
      String(b),
      "blocks",
      "memory is dumped in pages of the kernel's size",
      "boot a kernel with pages of the same size",
    ),
  ];
}

function compareReportedCpus(source: MachineReport, target: MachineReport, mode: CpuMode): Item[] {
  // The section on architecture says all there is to say.
  if (mode === "none" || source.architecture !== target.architecture) return [];
  if (source.cpu && target.cpu) return compareCpus(comparedCpu(source.cpu), comparedCpu(target.cpu), mode);
  if (source.armCpu && target.armCpu) {
    return compareArmCpus(comparedArmCpu(source.armCpu), comparedArmCpu(target.armCpu), mode);
  }
  return [
    item(
      "cpu",
      null,
      null,
      "unknown",
      `the ${source.cpu ?? source.armCpu ? "target" : "source"}'s report says nothing of its processor`,
    ),
  ];
}

function compareSystem(source: MachineReport, target: MachineReport): Item[] {
  const items: Item[] = [];
  const [was, is] = [source.lsm.criu, target.lsm.criu];
  const profiled = source.process?.profile ?? true;
  if (was !== "NO_LSM" && was !== is && profiled) {
    items.push(
      item(
        "lsm",
        was,
        is,
        "risk",
        "a process that runs under a profile cannot be given it here; criu refuses",
        "dump it unconfined, or restore where the same module runs",
      ),
    );
  } else items.push(same("lsm", is));
  const [a, b] = [source.cgroups, target.cgroups];
  if (a.version !== b.version) {
    items.push(
      item(
        "cgroups",
        a.version,
        b.version,
        "risk",
        "the cgroups of the dump cannot be made again as they were",
        "boot both with the same systemd.unified_cgroup_hierarchy=, or restore with --manage-cgroups=ignore",
      ),
    );
  } else items.push(same("cgroups", a.version));
  const lost = a.controllers.filter((name) => !b.controllers.includes(name));
  if (lost.length > 0 && a.version === b.version) {
    items.push(
      item("cgroup-controllers", lost.join(", "), null, "advisory", "limits by these controllers cannot be set again"),
    );
  }
  for (const { kind, limit } of source.namespaces) {
    // All that a tree does not have of its own it shares with criu, wherever that runs.
    if (source.process && !source.process.namespaces.includes(kind)) continue;
    const there = target.namespaces.find((one) => one.kind === kind);
    if (!there) {
      items.push(
        item(
          `namespace.${kind}`,
          "yes",
          "no",
          "risk",
          `a process in a ${kind} namespace of its own cannot be restored`,
        ),
      );
    } else if (there.limit === 0 && limit !== 0) {
      items.push(
        item(
          `namespace.${kind}`,
          "yes",
          "limit 0",
          "risk",
          `no ${kind} namespace may be made`,
          `raise sysctl user.max_${kind}_namespaces`,
        ),
      );
    }
  }
  return items;
}

/** The tree that was looked at where it runs: what cannot be dumped there comes back nowhere. */
function compareTree({ process }: MachineReport): Item[] {
  if (!process) return [];
  const { name, dump, restore, options } = process;
  const items: Item[] = [];
  const rules = `cready inspect says why: ${process.rules.slice(0, 4).join(", ")}`;
  if (dump === "BLOCKED") {
    items.push(item("tree.dump", name, dump, "blocks", "it cannot be dumped where it runs", rules));
  } else if (dump === "UNKNOWN") {
    items.push(item("tree.dump", name, dump, "unknown", "whether it can be dumped could not be told", rules));
  } else if (dump === "NEEDS_OPTIONS") {
    items.push(
      item(
        "tree.dump",
        name,
        options.join(" "),
        "advisory",
        "criu dump needs these options, and restore mostly the same",
      ),
    );
  }
  if (restore === "REFUSED") {
    items.push(
      item("tree.restore", name, restore, "blocks", "criu would refuse to restore it, also where it runs", rules),
    );
  } else if (restore === "UNKNOWN") {
    items.push(
      item("tree.restore", name, restore, "unknown", "what becomes of it at a restore could not be told", rules),
    );
  } else if (restore !== "EXPECTED") {
    items.push(
      item("tree.restore", name, restore, "risk", "something of it is lost, or may be, at any restore", rules),
    );
  }
  return items.length > 0 ? items : [same("tree", name)];
}

function compareVdso({ vdso: source }: MachineReport, { vdso: target }: MachineReport): Item[] {
  if (!source) return [];
  if (!target) {
    return [
      item("vdso", "yes", "no", "risk", "programs that call into the vDSO find none", "boot the target without vdso=0"),
    ];
  }
  const lost = source.symbols.filter((name) => !target.symbols.includes(name));
  if (lost.length > 0) {
    return [
      item(
        "vdso",
        lost.join(", "),
        null,
        "risk",
        "a program that has found these functions calls the old kernel's code",
        "restore on a kernel that is not older",
      ),
    ];
  }
  return [same("vdso", `${source.symbols.length} functions`)];
}

function compareClocks(source: MachineReport, target: MachineReport): Item[] {
  const items: Item[] = [];
  if (source.clocks.source !== target.clocks.source) {
    const reason = "reading the time may cost more or less";
    items.push(item("clock-source", source.clocks.source, target.clocks.source, "advisory", reason));
  }
  // CRIU lets the clocks go on by a time namespace, where the kernel has that.
  const timens = target.kernel.findings.find(({ id }) => id === "timens")?.verdict === "SUPPORTED";
  const [a, b] = [source.clocks.uptimeSeconds, target.clocks.uptimeSeconds];
  if (!timens && a !== null && b !== null && b < a) {
    const reason = "without time namespaces CLOCK_MONOTONIC goes back: timers of the process may be late";
    items.push(item("uptime", `${Math.round(a)} s`, `${Math.round(b)} s`, "advisory", reason));
  }
  return items;
}

function compareRelease({ kernel: source }: MachineReport, { kernel: target }: MachineReport): Item[] {
  if (source.release === target.release) return [same("kernel", source.release)];
  return [
    item("kernel", source.release, target.release, "advisory", "another kernel; its features were compared one by one"),
  ];
}
