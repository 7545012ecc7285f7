import type { MachineReport } from "./document.ts";
import { compareCpus, type CpuMode } from "./compare_cpu.ts";
import { comparedCpu } from "./vector.ts";
import { compareFeatures } from "./compare_features.ts";
import { compareSysctls, sysctlsThatWeigh } from "./compare_sysctls.ts";
import { compareCriu, compareGpus } from "./compare_tools.ts";
import { type Item, same, type Severity } from "./item.ts";

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
    { key: (r) => [r.architecture, r.cpu], compare: (s, t) => compareReportedCpus(s, t, mode) },
    { key: (r) => r.kernel.findings.map(({ id, verdict }) => [id, verdict]), compare: compareFeatures },
    {
      key: (r) => [r.lsm.criu, r.cgroups.version, r.namespaces.map(({ kind, limit }) => [kind, limit === 0])],
      compare: compareSystem,
    },
    { key: (r) => r.vdso, compare: compareVdso },
    { key: sysctlsThatWeigh, compare: compareSysctls },
    { key: (r) => r.criu, compare: compareCriu },
    { key: (r) => [r.gpus, r.criu?.plugins], compare: compareGpus },
    { key: (r) => r.clocks, compare: compareClocks, advisoryOnly: true },
    { key: (r) => r.kernel.release, compare: compareRelease, advisoryOnly: true },
  ];
}

function item(
  id: string,
  source: string | null,
  target: string | null,
  severity: Severity,
  reason: string,
  remedy: string | null = null,
): Item {
  return { id, source, target, severity, reason, remedy };
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
  return [
    item(
      "cpu",
      null,
      null,
      "unknown",
      `the ${source.cpu ? "target" : "source"}'s report says nothing of its processor`,
    ),
  ];
}

function compareSystem(source: MachineReport, target: MachineReport): Item[] {
  const items: Item[] = [];
  const [was, is] = [source.lsm.criu, target.lsm.criu];
  if (was !== "NO_LSM" && was !== is) {
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
