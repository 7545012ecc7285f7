import { ending, runProgram } from "../ffi/command.ts";
import { SysError } from "../ffi/errno.ts";
import { findProgram } from "../ffi/programs.ts";
import type { Sys } from "../ffi/sys.ts";
import { type Answer, defineProbe, inconclusive, type Kernel, supported, unsupported } from "./probe.ts";
import { TRACING } from "./rights.ts";

export default defineProbe({
  id: "has_ipt_legacy",
  criuName: "has_ipt_legacy",
  title: "iptables-save for legacy iptables",
  category: null,
  subject: "HOST_TOOL",
  since: null,
  impact: "the legacy iptables rules of a container are not preserved, and --network-lock iptables is of no use",
  kconfig: [],
  modules: [],
  rights: TRACING,
  mend: "install iptables with its legacy programs",
  references: ["man:iptables-save(8)", "criu:get_legacy_iptables_bin"],
  autoloads: [],
  criuFaults: [],
  absentOn: [],
  slow: "it runs iptables-save -V and the like, where they are installed",
  run(kernel) {
    return family(kernel, "iptables") ??
      // As CRIU decides whether IPv6 is there.
      (kernel.host.exists("/proc/sys/net/ipv6") ? family(kernel, "ip6tables") : undefined) ??
      supported();
  },
});

/** Undefined where one of the family's programs has the legacy backend. */
function family({ sys }: Kernel, name: "iptables" | "ip6tables"): Answer | undefined {
  const programs = [`${name}-save`, `${name}-legacy-save`] as const;
  // Where both are there, the one that has legacy in its name spares running the other.
  const second = backend(sys, programs[1]);
  if (second.legacy) return undefined;
  const first = backend(sys, programs[0]);
  if (first.legacy) return undefined;
  const untold = [first, second].find(({ legacy }) => legacy === null);
  if (untold) return inconclusive(untold.found);
  return unsupported(`${first.found}; ${second.found}`, [{
    cause: "TOOL",
    why: `neither ${programs.join(" nor ")} is there with the legacy backend`,
    text: "install the legacy programs of iptables (Debian: package iptables), if CRIU has to handle such rules",
    command: null,
  }]);
}

/** Whether a program has the legacy backend, null where it cannot be told, and what was found. */
function backend(sys: Sys, program: string): { legacy: boolean | null; found: string } {
  const { path, refused } = findProgram(sys, program);
  if (path === null) {
    return refused === null ? { legacy: false, found: `${program} is not in PATH` } : { legacy: null, found: refused };
  }
  try {
    const { status, output } = runProgram(sys, path, ["-V"]);
    const good = status.kind === "exited" && status.code === 0;
    const said = good ? output.trim() : ending(status);
    sys.note(`${path} -V`, said);
    // The nft backend names itself; old versions, all legacy, name none.
    if (!good || output.includes("nf_tables")) return { legacy: false, found: `${path} -V: ${said}` };
    return { legacy: true, found: said };
  } catch (error) {
    if (error instanceof SysError && error.call.startsWith("execve(")) return { legacy: null, found: error.message };
    throw error;
  }
}
