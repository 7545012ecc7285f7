import { isOlder, versionOf } from "../host/release.ts";
import type { MachineReport } from "./document.ts";
import { type Item, same } from "./item.ts";

/** The criu of both machines. */
export function compareCriu({ criu: source }: MachineReport, { criu: target }: MachineReport): Item[] {
  const [a, b] = [source?.version ?? null, target?.version ?? null];
  const item = (
    reason: string,
    remedy: string,
  ): Item[] => [{ id: "criu", source: a, target: b, severity: "risk", reason, remedy }];
  if (!target) {
    return item("no criu in PATH on the target", "install criu there, or restore by an engine that brings one");
  }
  if (b === null) return item(`the criu of the target does not say its version: ${target.fault}`, "mend or replace it");
  const newest = a === null ? undefined : versionOf(a);
  if (newest && isOlder(b, newest.join("."))) {
    return item("an older criu may refuse what a newer one has dumped", "install the same version or a newer one");
  }
  return [same("criu", b)];
}

/** GPUs, and the plugins that dump and restore what lies on them. */
export function compareGpus(source: MachineReport, target: MachineReport): Item[] {
  const items: Item[] = [];
  const [a, b] = [source.gpus, target.gpus];
  // A tree that was looked at counts only with what it has mapped.
  if (a.nvidia && (source.process?.nvidia ?? true)) {
    const values = { source: a.nvidia.driver ?? "yes", target: b.nvidia && (b.nvidia.driver ?? "yes") };
    if (!b.nvidia) {
      items.push({
        id: "nvidia",
        ...values,
        severity: "risk",
        reason: "a process that uses the GPU cannot be restored",
        remedy: "restore where the NVIDIA driver is loaded",
      });
    } else if (a.nvidia.driver !== b.nvidia.driver) {
      items.push({
        id: "nvidia",
        ...values,
        severity: "risk",
        reason: "GPU state of another driver version may be refused",
        remedy: "install the same driver on both",
      });
    }
    if (b.nvidia && a.nvidia.cudaCheckpoint && !b.nvidia.cudaCheckpoint) {
      items.push({
        id: "cuda-checkpoint",
        source: "yes",
        target: null,
        severity: "risk",
        reason: "criu's cuda plugin calls it to restore",
        remedy: "install cuda-checkpoint",
      });
    }
  }
  if (a.amdgpu && !b.amdgpu && (source.process?.amdgpu ?? true)) {
    items.push({
      id: "amdgpu",
      source: a.amdgpu.driver ?? "yes",
      target: null,
      severity: "risk",
      reason: "a process that uses the GPU cannot be restored",
      remedy: "restore where /dev/kfd is there",
    });
  }
  const plugins = (source.criu?.plugins ?? []).filter((name) => !(target.criu?.plugins ?? []).includes(name));
  for (const name of plugins) {
    items.push({
      id: `plugin.${name}`,
      source: "yes",
      target: "no",
      severity: "advisory",
      reason: "a dump that was made with its help needs it",
      remedy: "install the same plugins of criu",
    });
  }
  return items.length > 0 ? items : [same("plugins", (target.criu?.plugins ?? []).join(", ") || "none needed")];
}
