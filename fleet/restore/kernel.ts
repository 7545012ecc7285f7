import { findProgram } from "../../ffi/programs.ts";
import { isOlder, versionOf } from "../../host/release.ts";
import { type Item, same } from "../item.ts";
import { DUMP_ONLY } from "../compare_features.ts";
import { need, option, type RestoreContext } from "./context.ts";

/** Features that a restore needs because of something that is in the dump. */
function needed({ facts }: RestoreContext): readonly (readonly [feature: string, why: string])[] {
  return [
    ...(facts.tasks.some(({ compat }) => compat) ? [["compat_cr", "a task runs the 32-bit ABI"] as const] : []),
    ...(facts.tunDevices ? [["tun", "a TUN device is in the dump"] as const] : []),
    ...(facts.hugeMemfds ? [["memfd_hugetlb", "a memfd of huge pages is in the dump"] as const] : []),
    ...(facts.kinds.has("autofs") ? [["autofs", "an autofs mount is in the dump"] as const] : []),
  ];
}

/** What every restore needs of the kernel, what this dump needs, and the criu that would do it. */
export function judgeKernel(context: RestoreContext): Item[] {
  const { here } = context;
  const items: Item[] = here.kernel.findings.flatMap(({ id, criuName, category, verdict, reason }) => {
    if (category !== "REQUIRED" || verdict === "SUPPORTED" || DUMP_ONLY.has(id)) return [];
    return [
      need(
        `feature.${id}`,
        "needed",
        verdict,
        verdict === "INCONCLUSIVE" ? "unknown" : "blocks",
        reason ?? "every restore needs it",
        `cready explain ${criuName ?? id}`,
      ),
    ];
  });
  for (const [id, why] of needed(context)) {
    const verdict = context.verdict(id);
    if (verdict === "SUPPORTED") continue;
    items.push(
      need(
        `feature.${id}`,
        "needed",
        verdict,
        verdict === "INCONCLUSIVE" ? "unknown" : "blocks",
        why,
        `cready explain ${id}`,
      ),
    );
  }
  if (items.length === 0) items.push(same("features", "all that is needed"));
  return [...items, ...judgeOptions(context), ...judgeCriu(context)];
}

function judgeOptions(context: RestoreContext): Item[] {
  const { facts } = context;
  const items: Item[] = [];
  if (facts.kinds.has("filelocks")) {
    items.push(
      option(context, "--file-locks", "file locks are in the dump; without the option they are not set again"),
    );
  }
  if (facts.inventory.allowUprobes) items.push(option(context, "--allow-uprobes", "it was dumped with that option"));
  return items;
}

const IPTABLES = 0;

function judgeCriu(context: RestoreContext): Item[] {
  const { facts, here, sys, source } = context;
  const items: Item[] = [];
  const lost = (facts.inventory.pluginsEntry?.plugins ?? []).filter((name) => !here.criu?.plugins.includes(name));
  for (const name of lost) {
    items.push(
      need(
        `plugin.${name}`,
        "needed",
        "not there",
        "blocks",
        "criu refuses to restore without the plugin that helped to dump",
        "install the same plugins of criu",
      ),
    );
  }
  const connections = facts.kinds.has("tcp-stream");
  if (
    connections && facts.inventory.networkLockMethod === IPTABLES && findProgram(sys, "iptables-restore").path === null
  ) {
    items.push(
      need(
        "iptables-restore",
        "needed",
        "not there",
        "risk",
        "criu unlocks the network of dumped connections with it",
        "install iptables, or dump with --network-lock nftables",
      ),
    );
  }
  const [was, is] = [source?.criu?.version ?? null, here.criu?.version ?? null];
  const newest = was === null ? undefined : versionOf(was);
  if (!here.criu) {
    items.push(
      need(
        "criu",
        was,
        null,
        "risk",
        "no criu in PATH on this machine",
        "install criu, or restore by an engine that brings one",
      ),
    );
  } else if (is !== null && newest && isOlder(is, newest.join("."))) {
    items.push(
      need(
        "criu",
        was,
        is,
        "risk",
        "an older criu may refuse what a newer one has dumped",
        "install the same version or a newer one",
      ),
    );
  } else items.push(same("criu", is));
  return items;
}
