import type { Probe } from "./probe.ts";
import apparmor_stacking from "./apparmor_stacking.ts";
import breakpoints from "./breakpoints.ts";
import cgroupns from "./cgroupns.ts";
import clone3_set_tid from "./clone3_set_tid.ts";
import get_rseq_conf from "./get_rseq_conf.ts";
import loginuid from "./loginuid.ts";
import ns_pid from "./ns_pid.ts";
import pidfd_store from "./pidfd_store.ts";
import seccomp_filters from "./seccomp_filters.ts";
import seccomp_suspend from "./seccomp_suspend.ts";
import timens from "./timens.ts";
import userns from "./userns.ts";

/** The probes of processes and their namespaces that `--feature` knows. */
export const PROBES: readonly Probe[] = [
  apparmor_stacking,
  breakpoints,
  cgroupns,
  clone3_set_tid,
  get_rseq_conf,
  loginuid,
  ns_pid,
  pidfd_store,
  seccomp_filters,
  seccomp_suspend,
  timens,
  userns,
];
