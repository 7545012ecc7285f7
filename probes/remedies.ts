import type { Host } from "../host/host.ts";
import type { Answer, Probe, Remedy } from "./probe.ts";

/** What would mend or decide an answer, looked up on this host. */
export function remediesFor(probe: Probe, answer: Answer, host: Host): readonly Remedy[] {
  if (answer.verdict === "SUPPORTED") return [];
  if (answer.remedies) return answer.remedies;
  if (answer.verdict === "INCONCLUSIVE") {
    return [{ cause: "UNDETERMINED", why: "no cause could be verified", text: probe.mend, command: null }];
  }
  return absenceRemedies(probe, host);
}

/** Why the kernel lacks a feature: an option, a module, or its age. */
function absenceRemedies(probe: Probe, host: Host): Remedy[] {
  const { kconfig, modules } = host;
  const found: Remedy[] = [];
  for (const option of probe.kconfig) {
    if (kconfig.value(option) !== "n") continue;
    found.push({
      cause: "CONFIG_OFF",
      why: `${option} is not set in ${kconfig.source}`,
      text: `boot a kernel built with ${option}=y`,
      command: null,
    });
  }
  for (const name of probe.modules) {
    const state = modules.state(name);
    if (state === "on-disk") {
      found.push({
        cause: "MODULE_NOT_LOADED",
        why: `module ${name} is on disk, but not loaded`,
        text: "load the module",
        command: `modprobe ${name}`,
      });
    } else if (state === "absent" && probe.kconfig.some((option) => kconfig.value(option) === "m")) {
      found.push({
        cause: "MODULE_ABSENT",
        why: `the kernel was built for module ${name}, which is not in /lib/modules/${host.release}`,
        text: "install the package with this kernel's further modules",
        command: null,
      });
    }
  }
  if (found.length > 0) return found;
  const why = kconfig.source
    ? `every option it needs is set in ${kconfig.source}, so this kernel, ${host.release}, is too old for it`
    : `this kernel, ${host.release}, does not have it, and its configuration cannot be read`;
  return [{ cause: kconfig.source ? "KERNEL_TOO_OLD" : "UNDETERMINED", why, text: probe.mend, command: null }];
}
