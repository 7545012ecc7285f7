import type { Host } from "../host/host.ts";
import { isOlder } from "../host/release.ts";
import { type Answer, blocked, type Feature, type Probe, type Remedy } from "./probe.ts";

/** What of a feature's record tells where it comes from. */
export type Origin = Pick<Feature, "kconfig" | "modules" | "since" | "mend">;

/** What would mend or decide an answer, looked up on this host. */
export function remediesFor(probe: Probe, answer: Answer, host: Host): readonly Remedy[] {
  if (answer.verdict === "SUPPORTED") return [];
  if (answer.remedies) return answer.remedies;
  if (answer.verdict === "INCONCLUSIVE") {
    return [undecided(probe, host)];
  }
  const byDesign = probe.notOn?.[host.architecture];
  if (byDesign && answer.verdict === "UNSUPPORTED") return [{ cause: "ARCHITECTURE", ...byDesign, command: null }];
  return absenceRemedies(probe, host);
}

/** What would decide an answer of which no more is known than that it is none that a kernel should give. */
function undecided({ mend }: Probe, host: Host): Remedy {
  if (!host.rightsKnown) {
    return {
      cause: "UNDETERMINED",
      why: "/proc/self/status cannot be read, so the rights of this process are not known",
      text: "ask again with a higher limit of descriptors",
      command: "ulimit -n 1024",
    };
  }
  if (host.filtered) {
    return {
      cause: "UNDETERMINED",
      why: "a seccomp filter of this process may have answered instead of the kernel",
      text: "run outside of the sandbox, without a seccomp filter",
      command: null,
    };
  }
  if (host.foreignProc) {
    return {
      cause: "UNDETERMINED",
      why: "/proc shows another pid namespace than that of this process",
      text: "mount the /proc of this pid namespace, or run outside of it",
      command: "mount -t proc proc /proc",
    };
  }
  const text = `run as root of the host, outside of any container; where the answer is the same, ${mend}`;
  return { cause: "UNDETERMINED", why: "no cause could be verified", text, command: null };
}

/** Why the kernel lacks something: its age, an option, or a module; never empty. */
export function absenceRemedies(origin: Origin, host: Host): Remedy[] {
  const found = [...optionsOff(origin, host), ...modulesMissing(origin, host)];
  return found.length > 0 ? found : [fallback(origin, host)];
}

function optionsOff({ kconfig: options, since }: Origin, host: Host): Remedy[] {
  const { kconfig, release } = host;
  const old = since !== null && isOlder(release, since) === true;
  return options.flatMap((option): Remedy[] => {
    // An older kernel's configuration does not name an option that it never had.
    if (kconfig.value(option) !== "n" || (old && !kconfig.options.has(option))) return [];
    return [{
      cause: "CONFIG_OFF",
      why: `${option} is not set in ${kconfig.source}`,
      text: `boot a kernel built with ${option}=y`,
      command: null,
    }];
  });
}

function modulesMissing({ kconfig: options, modules: names }: Origin, host: Host): Remedy[] {
  const { kconfig, modules, release } = host;
  const option = options.find((one) => kconfig.value(one) === "m");
  return names.flatMap((name): Remedy[] => {
    const state = modules.state(name);
    if (state === "on-disk") return [notLoaded(name, host)];
    if (state === "absent" && option) {
      return [{
        cause: "MODULE_ABSENT",
        why: `${option}=m, and the module ${name} is not in /lib/modules/${release}`,
        text: "install the package with this kernel's further modules",
        command: null,
      }];
    }
    if (state === "unknown" && option) {
      return [{
        cause: "MODULE_NOT_LOADED",
        why: `${option}=m, the module ${name} is not loaded, and /lib/modules/${release} is not here to look for it`,
        text: "load the module, on the host if this is a container",
        command: `modprobe ${name}`,
      }];
    }
    return [];
  });
}

/**
 * The answer where all that is missing lies on disk, as modules that were not loaded although they were asked for:
 * refused here, whatever loading them needs. Undefined where something else is missing, or nothing.
 */
export function onDiskOnly(modules: readonly string[], reason: string, host: Host): Answer | undefined {
  const states = modules.map((name) => [name, host.modules.state(name)] as const);
  if (states.some(([, state]) => state === "absent" || state === "unknown")) return undefined;
  const [first, ...more] = states.filter(([, state]) => state === "on-disk").map(([name]) => notLoaded(name, host));
  return first && blocked(reason, first, ...more);
}

/** A module that is on disk and that the kernel did not load although it was asked for: why not? */
function notLoaded(name: string, host: Host): Remedy {
  const disabled = host.sysctl("kernel/modules_disabled") === "1";
  const helper = host.sysctl("kernel/modprobe");
  const why = disabled
    ? ", and sysctl kernel.modules_disabled is 1 until the next boot"
    : helper === "" || helper === "/bin/false"
    ? `, and sysctl kernel.modprobe is "${helper}", so the kernel loads none by itself`
    : "";
  return {
    cause: "MODULE_NOT_LOADED",
    why: `module ${name} is on disk, but not loaded${why}`,
    text: disabled ? `boot again, and load ${name} before modules are disabled` : "load the module",
    command: disabled ? null : `modprobe ${name}`,
  };
}

function fallback({ since, mend }: Origin, host: Host): Remedy {
  const { kconfig, release } = host;
  if (since !== null && isOlder(release, since)) {
    return {
      cause: "KERNEL_TOO_OLD",
      why: `this kernel, ${release}, is older than Linux ${since}, which brought it`,
      text: mend,
      command: null,
    };
  }
  const config = kconfig.source
    ? `the options it needs are set in ${kconfig.source}`
    : `the kernel's configuration cannot be read${kconfig.fault ? ` (${kconfig.fault})` : ""}`;
  return {
    cause: "UNDETERMINED",
    why: `this kernel, ${release}, does not have it; ${config}`,
    text: mend,
    command: null,
  };
}
