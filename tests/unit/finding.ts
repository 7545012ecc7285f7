import type { CategoryName, Finding, Verdict } from "../../probes/probe.ts";

/** A finding as a run would make it, for tests of what is written about it. */
export function findingOf(
  verdict: Verdict,
  category: CategoryName | null = "EXTRA",
  changes: Partial<Finding> & { id?: string } = {},
): Finding {
  const { id = "kcmp_epoll", ...rest } = changes;
  return {
    feature: {
      id,
      criuName: id,
      title: "a thing",
      category,
      subject: "KERNEL",
      since: "4.13",
      impact: "nothing works",
      kconfig: [],
      modules: [],
      rights: [],
      mend: "boot another",
      references: [],
      autoloads: [],
      criuFaults: [],
    },
    verdict,
    reason: verdict === "SUPPORTED" ? null : "kcmp(x): EINVAL",
    evidence: [{ call: "kcmp(x)", answer: "EINVAL", errno: "EINVAL" }],
    remedies: verdict === "SUPPORTED"
      ? []
      : [{ cause: "CONFIG_OFF", why: "CONFIG_KCMP is not set", text: "set it", command: "make" }],
    criuDiffers: null,
    probedAt: "2026-01-01T00:00:00.000Z",
    durationMs: 0.25,
    ...rest,
  };
}
