import type { Sys } from "../../ffi/sys.ts";
import type { Host } from "../../host/host.ts";
import type { DumpFacts } from "../../images/facts.ts";
import type { Verdict } from "../../probes/probe.ts";
import type { CpuMode } from "../compare_cpu.ts";
import type { MachineReport } from "../document.ts";
import { type Item, item } from "../item.ts";

/** What the judges of a dump may use. */
export interface RestoreContext {
  readonly facts: DumpFacts;
  readonly sys: Sys;
  readonly host: Host;
  /** This machine. */
  readonly here: MachineReport;
  /** The machine of the dump, where the caller has its report. */
  readonly source: MachineReport | null;
  readonly mode: CpuMode;
  /** Where the root of the dump's own mount namespace is going to be; null where nobody said. */
  readonly root: string | null;
  /** True for an archive of a container engine, which makes the root file system and gives what is external. */
  readonly engine: boolean;
  /** Options that criu restore must be given; the judges add to it. */
  readonly options: Set<string>;
  /** What this machine has of a feature. */
  verdict(id: string): Verdict;
}

/** A namespace's name in the images' ids, and in CRIU's options. */
export type NamespaceField =
  | "pidNsId"
  | "netNsId"
  | "ipcNsId"
  | "utsNsId"
  | "mntNsId"
  | "userNsId"
  | "cgroupNsId"
  | "timeNsId";

/** Whether the root task was in another namespace of that kind than criu: then a new one is made for it. */
export function ownNamespace({ facts }: RestoreContext, field: NamespaceField): boolean {
  const ids = facts.tasks[0]?.ids;
  const outer = facts.inventory.rootIds;
  return ids !== undefined && outer !== undefined && ids[field] !== outer[field];
}

/** An item about what the dump needs (source) and this machine has (target). */
export const need = item;

/** An option that criu restore must be given, and why. */
export function option(context: RestoreContext, words: string, reason: string): Item {
  context.options.add(words);
  return need(`option.${words.replace(/^--/, "").split(/[ =]/)[0]}`, words, null, "advisory", reason);
}
