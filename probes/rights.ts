import type { Capability } from "../host/capability.ts";
import type { Host } from "../host/host.ts";
import type { Remedy, Right } from "./probe.ts";

/** What a probe needs that stops a child of its own, as CRIU stops what it dumps: Yama may forbid it. */
export const TRACING: readonly Right[] = [
  { sysctl: "kernel/yama/ptrace_scope", max: 2 },
  { sysctl: "kernel/yama/ptrace_scope", max: 1, unless: "CAP_SYS_PTRACE" },
];

/** The first right that is verified to be missing here, as the remedy that would grant it; undefined if none is. */
export function missingRight(rights: readonly Right[], host: Host): Remedy | undefined {
  for (const right of rights) {
    const remedy = "capability" in right
      ? missingCapability(right.capability, right.over, host)
      : "sysctl" in right
      ? refusingSysctl(right, host)
      : readOnlyMount(right.writable, host);
    if (remedy) return remedy;
  }
  return undefined;
}

type CapabilityRight = Extract<Right, { capability: unknown }>;
type SysctlRight = Extract<Right, { sysctl: string }>;

/** Whether a right over capabilities is verified to be missing. */
function missingCapability(
  wanted: CapabilityRight["capability"],
  over: CapabilityRight["over"],
  host: Host,
): Remedy | undefined {
  const names = (typeof wanted === "string" ? [wanted] : wanted) as readonly Capability[];
  const list = names.join(" or ");
  if (!names.some((name) => host.has(name))) {
    return {
      cause: "CAPABILITY",
      why: `this process lacks ${list}`,
      text: over === "initial" ? `run as root of the host, or with ${list}` : `run as root, or with ${list}`,
      command: null,
    };
  }
  if (over === "initial") {
    return host.initialUserNamespace ? undefined : {
      cause: "CAPABILITY",
      why: `${list} is held only inside a user namespace, and it is needed in the initial one`,
      text: `run outside of the user namespace, as root of the host`,
      command: null,
    };
  }
  if (over === "own") return undefined;
  return host.owns(over) === false
    ? {
      cause: "CAPABILITY",
      why: `${list} is held in a user namespace that does not own this ${over} namespace`,
      text: `run as root of the user namespace that owns the ${over} namespace, or in a ${over} namespace of its own`,
      command: null,
    }
    : undefined;
}

/** Whether a sysctl is verified to be out of its bounds. */
function refusingSysctl(right: SysctlRight, host: Host): Remedy | undefined {
  if (right.unless && host.has(right.unless) && host.initialUserNamespace) return undefined;
  const text = host.sysctl(right.sysctl);
  if (text === undefined || !/^-?\d+$/.test(text)) return undefined;
  const value = Number(text);
  const name = right.sysctl.replaceAll("/", ".");
  const good = right.min !== undefined && value < right.min
    ? right.min
    : right.max !== undefined && value > right.max
    ? right.max
    : undefined;
  if (good === undefined) return undefined;
  const atLeast = right.min !== undefined && right.min > 1 ? " or more" : "";
  return {
    cause: "SYSCTL",
    why: `sysctl ${name} is ${value}`,
    text: `set it to ${good}${atLeast}` + (right.unless ? `, or run with ${right.unless}` : ""),
    command: `sysctl -w ${name}=${good}`,
  };
}

/** Whether the mount that holds a path is verified to be read-only. */
function readOnlyMount(path: string, host: Host): Remedy | undefined {
  const options = host.mountOptions(path);
  if (!options?.includes("ro")) return undefined;
  return {
    cause: "MOUNT",
    why: `${path} is on a read-only mount, as container engines make it; the kernel itself has the file`,
    text:
      "run on the host, or in a container started with unmasked system paths (docker: --security-opt systempaths=unconfined)",
    command: null,
  };
}
