import type { MachineReport } from "./document.ts";
import { type Item, same, type Severity } from "./item.ts";

type Findings = MachineReport["kernel"]["findings"];

/** Features that a dump needs and a restore does not: their absence on the target is no obstacle to coming back. */
export const DUMP_ONLY: ReadonlySet<string> = new Set([
  "mem_dirty_track",
  "pagemap_scan",
  "pagemap_scan_guard_pages",
  "get_rseq_conf",
  "fdinfo_lock",
  "fdinfo_ext",
  "mnt_id",
  "kcmp",
  "kcmp_epoll",
  "sk_unix_file",
  "net_diag_raw",
  "nsid",
  "sk_ns",
  "so_gets",
  "sock_peek_off",
  "sock_diag",
  "ptrace_peeksiginfo",
  "seccomp_suspend",
  "seccomp_filters",
  "fcntl_getowner_uids",
  "posix_timers",
  "proc_stat",
  "overlayfs_maps",
  "map_files",
]);

/** What the target's kernel lacks: what every restore needs, and what a dump made on the source may need. */
export function compareFeatures(source: MachineReport, target: MachineReport): Item[] {
  const before = new Map(source.kernel.findings.map((finding) => [finding.id, finding]));
  // Of a tree that was looked at it is known what it needs.
  const used = source.process && new Set(source.process.features);
  const items = target.kernel.findings.filter(({ id, category }) => !used || category === "REQUIRED" || used.has(id))
    .flatMap((finding) => itemOf(before.get(finding.id), finding));
  return items.length > 0 ? items : [same("features", `${target.kernel.findings.length} asked`)];
}

function itemOf(source: Findings[number] | undefined, target: Findings[number]): Item[] {
  const severity = severityOf(source, target);
  if (severity === "same") return [];
  const { id, verdict, reason, criuName } = target;
  return [{
    id: `feature.${id}`,
    source: source?.verdict ?? null,
    target: verdict,
    severity,
    reason: reason ?? "not there",
    remedy: `cready explain ${criuName ?? id}`,
  }];
}

function severityOf(source: Findings[number] | undefined, { id, verdict, category }: Findings[number]): Severity {
  if (verdict === "SUPPORTED") return "same";
  const dumpOnly = DUMP_ONLY.has(id);
  if (category === "REQUIRED") {
    if (dumpOnly) return "risk";
    return verdict === "INCONCLUSIVE" ? "unknown" : "blocks";
  }
  // What the source has not either, no dump of it can use.
  if (source?.verdict !== "SUPPORTED") return "same";
  if (dumpOnly || category === "OPTIONAL") return "advisory";
  return "risk";
}
