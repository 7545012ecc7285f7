import type { Sys } from "../ffi/sys.ts";
import { tryReadText } from "../ffi/files.ts";
import { NAMESPACE_SYSCTLS } from "./limits.ts";
import type { Probe } from "./probe.ts";

/** Sysctls on which probes look themselves. */
const OTHERS = ["kernel/modules_disabled", "kernel/ns_last_pid", "fs/inotify/max_user_instances"];

/**
 * What may change an answer while the kernel runs: names of the loaded modules, sysctls that the probes' answers rest
 * on, mounts. One text; equal texts mean that asking again is not worth it.
 */
export function surroundings(sys: Sys, probes: readonly Probe[]): string {
  const modules = (tryReadText(sys, "/proc/modules") ?? "").split("\n").map((line) => line.split(" ", 1)[0]).sort();
  const sysctls = [
    ...new Set([
      ...probes.flatMap(({ rights }) => rights.flatMap((right) => "sysctl" in right ? [right.sysctl] : [])),
      ...NAMESPACE_SYSCTLS.map(([, name]) => `user/${name}`),
      ...OTHERS,
    ]),
  ].map((name) => `${name}=${valueOf(sys, name)}`);
  return [...modules, ...sysctls, tryReadText(sys, "/proc/self/mountinfo") ?? ""].join("\n");
}

/** ns_last_pid changes with every process: only that it is there matters. */
function valueOf(sys: Sys, name: string): string {
  const text = tryReadText(sys, `/proc/sys/${name}`);
  return text === undefined ? "" : name === "kernel/ns_last_pid" ? "there" : text.trim();
}
