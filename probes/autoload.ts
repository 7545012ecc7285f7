import type { Host } from "../host/host.ts";
import { type Answer, inconclusive, type Probe } from "./probe.ts";

/** With `--no-autoload`: the answer of a probe that would make the kernel load a module; undefined if it would not. */
export function autoloadPrevented(probe: Probe, host: Host): Answer | undefined {
  const onDisk = probe.autoloads.filter((name) => host.modules.state(name) === "on-disk");
  if (onDisk.length === 0) return undefined;
  const list = onDisk.join(", ");
  return inconclusive(`not asked, because --no-autoload was given: ${list} on disk, not loaded`, [{
    cause: "MODULE_NOT_LOADED",
    why: `${list} on disk, not loaded`,
    text: "load it, or let the kernel load it by asking without --no-autoload",
    command: onDisk.map((name) => `modprobe ${name}`).join(" && "),
  }]);
}
