import type { Evidence } from "../ffi/sys.ts";
import type { CriuFault, Kernel } from "./probe.ts";

const CALL = "geteuid()";

/** Keeps as evidence that this process is not root: then criu runs with --unprivileged only, and asks less. */
export function noteUser({ sys, host }: Kernel): void {
  const effective = host.status.uids[1];
  if (effective) sys.note(CALL, String(effective));
}

/** Whether `noteUser` found root. */
export function asRoot(evidence: readonly Evidence[]): boolean {
  return evidence.every(({ call }) => call !== CALL);
}

/** The fault of a feature that criu never asks for with --unprivileged; the probe must call `noteUser`. */
export function notAskedUnprivileged(name: string): CriuFault {
  return {
    when: ["SUPPORTED"],
    applies: (_answer, evidence) => !asRoot(evidence),
    says: "UNSUPPORTED",
    why: "with --unprivileged, which it wants of every user but root, it does not ask and says no",
    reproduce: `criu --unprivileged check --feature ${name} as another user than root who has the capabilities`,
  };
}
