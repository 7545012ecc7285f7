import { runProgram } from "../ffi/command.ts";
import { SysError, TimeoutError } from "../ffi/errno.ts";
import { findProgram } from "../ffi/programs.ts";
import { DeathError } from "../ffi/subject.ts";
import type { Sys } from "../ffi/sys.ts";
import { CRIU_VERSION } from "../version.ts";
import type { CriuVersion } from "./criu_version.ts";

/** The criu in PATH, asked for its version; CRIU 4.2 is assumed where there is none that says one. */
export function installedCriu(sys: Sys, path: string | null = findProgram(sys, "criu").path): CriuVersion {
  if (path === null) return { version: CRIU_VERSION, path: null };
  try {
    const { output } = runProgram(sys, path, ["--version"], { withErrors: true });
    const version = /^Version: (\d[\d.]*)/m.exec(output)?.[1];
    return version === undefined ? { version: CRIU_VERSION, path: null } : { version, path };
  } catch (error) {
    if (!(error instanceof SysError || error instanceof TimeoutError || error instanceof DeathError)) throw error;
    return { version: CRIU_VERSION, path: null };
  }
}
