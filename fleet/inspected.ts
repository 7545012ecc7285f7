import { SysError } from "../ffi/errno.ts";
import { Caller } from "../inspect/caller.ts";
import { askFeatures } from "../inspect/features.ts";
import { installedCriu } from "../inspect/installed_criu.ts";
import { look } from "../inspect/look.ts";
import { PLAIN_PLAN } from "../inspect/plan.ts";
import type { Task } from "../inspect/task.ts";
import { conclude, featuresNeeded } from "../inspect/verdict.ts";
import type { Runner } from "../probes/run.ts";
import type { MachineReport } from "./document.ts";

/**
 * What a process tree uses of this machine, as far as it decides where it can be restored. Throws `NoTreeError` where
 * there is no such tree.
 */
export async function inspectedTree(runner: Runner, pid: number): Promise<NonNullable<MachineReport["process"]>> {
  const { sys, host } = runner;
  const around = { sys, host, caller: new Caller(sys), criu: installedCriu(sys), plan: PLAIN_PLAN, stop: false };
  using seen = look(around, pid);
  const needed = featuresNeeded(seen);
  const { dump, restore, options, obstacles, tree } = conclude(seen, await askFeatures(runner, needed));
  const living = tree.living;
  const capabilities = living.reduce((all, { status }) => all | status.capPrm | status.capAmb, 0n);
  const maps = (pattern: RegExp) => living.some((task) => task.maps?.some(({ path }) => pattern.test(path)) ?? false);
  return {
    name: tree.root.name,
    tasks: tree.tasks.length,
    dump,
    restore,
    rules: [...new Set(obstacles.map(({ rule }) => rule))].sort(),
    // Without their arguments, which may be paths.
    options: [...new Set(options.map(({ text }) => text.split(/[ =[]/)[0]!))].sort(),
    features: [...needed].sort(),
    namespaces: tree.dumped,
    highestPid: Math.max(...tree.tasks.flatMap((task) => [task.pid, ...task.threads.map(({ tid }) => tid)])),
    mappings: Math.max(0, ...living.map((task) => task.maps?.length ?? 0)),
    highestCapability: capabilities.toString(2).length - (capabilities === 0n ? 2 : 1),
    profile: living.some(hasProfile),
    nvidia: maps(/^\/dev\/nvidia/),
    amdgpu: maps(/^\/dev\/kfd$/),
  };
}

/** Whether a task runs under a profile of a security module, as far as that can be read. */
function hasProfile(task: Task): boolean {
  return ["attr/apparmor/current", "attr/current"].some((name) => {
    try {
      const label = task.dir.text(name).replace(/\0/g, "").trim();
      return label !== "" && !label.startsWith("unconfined") && label !== "kernel";
    } catch (error) {
      if (error instanceof SysError) return false;
      throw error;
    }
  });
}
