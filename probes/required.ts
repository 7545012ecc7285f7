import type { Probe } from "./probe.ts";
export { OPTIONAL } from "./optional.ts";
import fcntl_getowner_uids from "./fcntl_getowner_uids.ts";
import fdinfo_ext from "./fdinfo_ext.ts";
import ipc_next_id from "./ipc_next_id.ts";
import kcmp from "./kcmp.ts";
import map_files from "./map_files.ts";
import ns_last_pid from "./ns_last_pid.ts";
import prctl_mm_old from "./prctl_mm_old.ts";
import proc_stat from "./proc_stat.ts";
import ptrace_peeksiginfo from "./ptrace_peeksiginfo.ts";
import pty_lock from "./pty_lock.ts";
import sigqueueinfo from "./sigqueueinfo.ts";
import so_gets from "./so_gets.ts";
import sock_diag from "./sock_diag.ts";
import sock_peek_off from "./sock_peek_off.ts";
import special_mapping_mremap from "./special_mapping_mremap.ts";
import tcp_repair from "./tcp_repair.ts";
import vmsplice_unaligned from "./vmsplice_unaligned.ts";

/** Category 1, in criu's order. A plain check loads these and nothing more. */
export const REQUIRED: readonly Probe[] = [
  map_files,
  sock_diag,
  ns_last_pid,
  sock_peek_off,
  kcmp,
  prctl_mm_old,
  fcntl_getowner_uids,
  proc_stat,
  tcp_repair,
  fdinfo_ext,
  vmsplice_unaligned,
  pty_lock,
  so_gets,
  ipc_next_id,
  sigqueueinfo,
  ptrace_peeksiginfo,
  special_mapping_mremap,
];
