import type { Probe } from "./probe.ts";
import autofs from "./autofs.ts";
import fdinfo_lock from "./fdinfo_lock.ts";
import kcmp_epoll from "./kcmp_epoll.ts";
import mnt_id from "./mnt_id.ts";
import move_mount_set_group from "./move_mount_set_group.ts";
import openat2 from "./openat2.ts";
import timer_cr_ids from "./timer_cr_ids.ts";
import timerfd from "./timerfd.ts";

/** The probes of files, mounts and timers that `--feature` knows. */
export const PROBES: readonly Probe[] = [
  autofs,
  fdinfo_lock,
  kcmp_epoll,
  mnt_id,
  move_mount_set_group,
  openat2,
  timer_cr_ids,
  timerfd,
];
