import { findProgram } from "../ffi/programs.ts";
import { type Answer, inconclusive, type Kernel } from "./probe.ts";

/** The criu that the caller named, or the one in PATH, or the answer of a probe that is about it where there is none that can be looked at. */
export function installedCriu({ sys, criu }: Kernel): string | Answer {
  if (criu !== null) return criu;
  const { path, refused } = findProgram(sys, "criu");
  if (path !== null) {
    sys.note("PATH has criu", path);
    return path;
  }
  return inconclusive(
    refused === null ? "no criu in PATH on this host" : `no criu in PATH that may be run: ${refused}`,
    [{
      cause: "TOOL",
      why: refused ?? "there is no criu in PATH",
      text: refused === null
        ? "install criu, or name its folder in PATH"
        : "let it belong to root, and nobody else write it",
      command: null,
    }],
  );
}
