import { SysError, TimeoutError } from "../ffi/errno.ts";
import { runProgram } from "../ffi/command.ts";
import { findProgram } from "../ffi/programs.ts";
import { DeathError } from "../ffi/subject.ts";
import type { Sys } from "../ffi/sys.ts";
import type { Host } from "./host.ts";

/** A program that was found, and what it says of its version. */
export interface Program {
  readonly path: string;
  /** Null where it was not run, or did not say. */
  readonly version: string | null;
  /** Why it was not run, or how it failed; null where it answered. */
  readonly fault: string | null;
}

/** The criu of this machine. */
export interface InstalledCriu extends Program {
  /** Plugins in its folders, such as `cuda_plugin`. */
  readonly plugins: readonly string[];
  /** Configuration files that apply to dumps, by their paths; what stands in them is not read. */
  readonly configFiles: readonly string[];
}

/** Where distributions and CRIU's own installation put plugins. */
export const PLUGIN_FOLDERS: readonly string[] = [
  "/usr/lib/criu",
  "/usr/lib64/criu",
  "/usr/libexec/criu",
  "/usr/local/lib/criu",
  "/usr/lib/x86_64-linux-gnu/criu",
  "/usr/lib/aarch64-linux-gnu/criu",
];
const CONFIG_FILES = ["default.conf", "runc.conf", "crun.conf"];

/** Longer than a healthy program takes; a report must not hang on one that is not. */
const PROGRAM_MS = 3000;
const VERSION_LIMIT = 64;

/** The criu in PATH; null where there is none. */
export function installedCriu(sys: Sys, host: Host): InstalledCriu | null {
  const program = askVersion(sys, "criu", ["--version"], /^Version: (\S+)/m);
  if (!program) return null;
  return {
    ...program,
    plugins: pluginNames(host),
    configFiles: CONFIG_FILES.map((name) => `/etc/criu/${name}`).filter((path) => host.exists(path)),
  };
}

/** The plugins in all of CRIU's folders, without `.so`. */
export function pluginNames(host: Host): string[] {
  const names = PLUGIN_FOLDERS.flatMap((folder) => host.names(folder) ?? []);
  return [...new Set(names.filter((name) => name.endsWith(".so")).map((name) => name.slice(0, -3)))].sort();
}

/** Looks a program up in PATH and asks for its version; null where there is none. Runs nothing that others may write. */
export function askVersion(sys: Sys, name: string, args: readonly string[], pattern: RegExp): Program | null {
  const { path, refused } = findProgram(sys, name);
  if (path === null) return refused === null ? null : { path: refused.split(" ")[0]!, version: null, fault: refused };
  const said = outputOf(sys, path, args);
  if (said.fault !== null) return { path, version: null, fault: said.fault };
  const version = pattern.exec(said.output)?.[1]?.slice(0, VERSION_LIMIT) ?? null;
  return { path, version, fault: version === null ? "it does not say its version" : null };
}

/** What a program prints, or why it printed nothing. */
export function outputOf(sys: Sys, path: string, args: readonly string[]): { output: string; fault: string | null } {
  try {
    const { output, status } = runProgram(sys, path, args, { timeoutMs: PROGRAM_MS });
    if (status.kind === "exited" && status.code === 0) return { output, fault: null };
    return { output, fault: status.kind === "exited" ? `exit code ${status.code}` : `signal ${status.signal}` };
  } catch (error) {
    if (!(error instanceof SysError || error instanceof TimeoutError || error instanceof DeathError)) throw error;
    return { output: "", fault: error.message };
  }
}
