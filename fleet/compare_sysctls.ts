import type { MachineReport } from "./document.ts";
import { type Item, same, type Severity } from "./item.ts";

/** How a difference in one sysctl is judged. */
interface Rule {
  /** `less`: a smaller value on the target is worse; `more`: a larger one; `other`: any other value. */
  readonly worse: "less" | "more" | "other";
  readonly severity: Severity;
  readonly reason: string;
}

/** Those that matter to what comes back; the others of a report are only told. */
const RULES: Readonly<Record<string, Rule>> = {
  "kernel.pid_max": { worse: "less", severity: "risk", reason: "a process with a larger pid cannot get it back" },
  "kernel.cap_last_cap": {
    worse: "less",
    severity: "risk",
    reason: "capabilities that the kernel does not know are lost",
  },
  "kernel.threads-max": { worse: "less", severity: "advisory", reason: "fewer threads may be made" },
  "kernel.shmmax": { worse: "less", severity: "risk", reason: "a larger shared memory segment cannot be made again" },
  "kernel.shmall": { worse: "less", severity: "risk", reason: "less shared memory may be had" },
  "fs.nr_open": { worse: "less", severity: "risk", reason: "a larger limit of open files cannot be set again" },
  "fs.pipe-max-size": { worse: "less", severity: "advisory", reason: "larger pipes need CAP_SYS_RESOURCE" },
  "fs.mqueue.msg_max": { worse: "less", severity: "advisory", reason: "fewer messages wait in a queue" },
  "net.core.rmem_max": { worse: "less", severity: "advisory", reason: "larger socket buffers need CAP_NET_ADMIN" },
  "net.core.wmem_max": { worse: "less", severity: "advisory", reason: "larger socket buffers need CAP_NET_ADMIN" },
  "vm.max_map_count": { worse: "less", severity: "risk", reason: "a process with more mappings cannot be made again" },
  "vm.mmap_min_addr": { worse: "more", severity: "risk", reason: "mappings below it cannot be made again" },
  "vm.nr_hugepages": { worse: "less", severity: "risk", reason: "huge pages that the process holds may not be had" },
  "vm.overcommit_memory": { worse: "other", severity: "advisory", reason: "memory is promised by another rule" },
  "net.ipv4.tcp_window_scaling": {
    worse: "other",
    severity: "risk",
    reason: "connections negotiated with the other setting stall",
  },
  "net.ipv6.conf.all.disable_ipv6": { worse: "more", severity: "risk", reason: "IPv6 addresses cannot be bound" },
};

/** Those that can weigh more than `advisory`. */
export function sysctlsThatWeigh({ sysctls, process }: MachineReport): unknown {
  const needs = process &&
    [process.namespaces.includes("pid"), process.highestPid, process.mappings, process.highestCapability];
  return [needs, sysctls.filter(({ name }) => Object.hasOwn(RULES, name) && RULES[name]!.severity !== "advisory")];
}

/** Compares what can be judged. */
export function compareSysctls(source: MachineReport, target: MachineReport): Item[] {
  const { process } = source;
  const there = new Map(target.sysctls.map(({ name, value }) => [name, value]));
  const items = source.sysctls.flatMap(({ name, value }) => {
    const needed = process && neededBy(process, name);
    // What the tree needs takes the place of what its machine allows.
    if (needed === null || needed === undefined) return itemOf(name, value, there.get(name) ?? null);
    return itemOf(name, String(needed), there.get(name) ?? null);
  });
  return items.length > 0 ? items : [same("sysctls", `${source.sysctls.length} read`)];
}

/** What a tree needs of a sysctl; null where only the machine can be compared. */
function neededBy(process: NonNullable<MachineReport["process"]>, name: string): number | null {
  if (name === "kernel.pid_max") return process.namespaces.includes("pid") ? 0 : process.highestPid + 1;
  if (name === "vm.max_map_count") return process.mappings;
  return name === "kernel.cap_last_cap" ? Math.max(0, process.highestCapability) : null;
}

function itemOf(name: string, source: string | null, target: string | null): Item[] {
  const rule = Object.hasOwn(RULES, name) ? RULES[name] : undefined;
  if (!rule || source === null || target === null || source === target || !worse(rule, source, target)) return [];
  const remedy = rule.worse === "other" ? null : `sysctl ${name}=${source}`;
  return [{ id: `sysctl.${name}`, source, target, severity: rule.severity, reason: rule.reason, remedy }];
}

function worse({ worse }: Rule, source: string, target: string): boolean {
  if (worse === "other") return true;
  if (!/^\d{1,20}$/.test(source) || !/^\d{1,20}$/.test(target)) return false;
  const [a, b] = [BigInt(source), BigInt(target)];
  return worse === "less" ? b < a : b > a;
}
