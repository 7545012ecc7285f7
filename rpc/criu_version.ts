import { ending, runProgram } from "../ffi/command.ts";
import { SysError, TimeoutError } from "../ffi/errno.ts";
import { findProgram } from "../ffi/programs.ts";
import { DeathError } from "../ffi/subject.ts";
import type { Sys } from "../ffi/sys.ts";
import { visible } from "../report/text.ts";
import type { Version } from "./packet.ts";

/** How long `criu --version` may take, in milliseconds; it takes some. */
const CALL_MS = 5_000;

/** Where the criu is that engines would run, or why there is none that cready runs. */
export type Installed = { readonly path: string } | { readonly path: null; readonly why: string };

/** What `criu --version` says, or why it says nothing. */
export type VersionAnswer =
  | { readonly version: Version; readonly text: string }
  | { readonly version: null; readonly why: string };

/** The criu at `given`, or the first one in PATH. */
export function installedCriu(sys: Sys, given: string | null): Installed {
  if (given !== null) return { path: given };
  const { path, refused } = findProgram(sys, "criu");
  if (path !== null) return { path };
  return { path, why: refused === null ? "there is no criu in PATH" : `criu is not run: ${visible(refused)}` };
}

/** Runs `criu --version`; never throws for what the program does. */
export function versionOf(sys: Sys, path: string): VersionAnswer {
  try {
    const { status, output } = runProgram(sys, path, ["--version"], { timeoutMs: CALL_MS, withErrors: true });
    const version = parseVersion(output);
    if (version) return { version, text: versionText(version) };
    const said = output.trim().split("\n").at(-1);
    return {
      version: null,
      why: `${path} --version ended with ${ending(status)} and no version${said ? `: ${visible(said)}` : ""}`,
    };
  } catch (error) {
    if (!(error instanceof SysError || error instanceof TimeoutError || error instanceof DeathError)) throw error;
    return { version: null, why: `${path} cannot be asked for its version: ${visible(error.message)}` };
  }
}

/** `Version: 4.2.1` and, of a build from git only, `GitID: v4.2.1-3-gabcdef`; null where there is no such line. */
export function parseVersion(output: string): Version | null {
  const [, major, minor, sublevel] = /^Version: (\d{1,4})\.(\d{1,4})(?:\.(\d{1,4}))?/m.exec(output) ?? [];
  if (major === undefined || minor === undefined) return null;
  return {
    major: Number(major),
    minor: Number(minor),
    sublevel: sublevel === undefined ? null : Number(sublevel),
    gitId: /^GitID: (\S+)/m.exec(output)?.[1] ?? null,
  };
}

/** As criu itself writes it. */
export function versionText({ major, minor, sublevel, gitId }: Version): string {
  return `${major}.${minor}${sublevel === null ? "" : `.${sublevel}`}${
    gitId === null ? "" : ` (git ${visible(gitId)})`
  }`;
}

/**
 * The number that go-criu, libcriu and runc make of a version, and compare: 4.2.1 is 40201. A build from git counts as
 * the next minor release.
 */
export function versionNumber({ major, minor, sublevel, gitId }: Version): number {
  return gitId === null ? major * 10000 + minor * 100 + (sublevel ?? 0) : major * 10000 + (minor + 1) * 100;
}
