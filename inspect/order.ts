import { type RuleId, ruleNamed } from "../rules/registry.ts";

/**
 * Where a rule's refusal comes in criu's order of work (cr_dump_tasks): the hundreds are its steps, the rest orders
 * what one step looks at in a task. Obstacles of one number are met in the order of the tasks.
 */
const STEPS: Readonly<Record<string, number>> = {
  environment: 100,
  "cg-controller-missing": 200,
  tree: 300,
  "seccomp-strict": 301,
  "seccomp-dumper": 302,
  sharing: 500,
  ns: 510,
  "cg-nested-ns": 511,
  "ns-nested-mnt": 1005,
  "ns-pid-proc-mount": 945,
  "ns-mnt-chroot": 710,
  "tcp-lock-own-netns": 600,
  "tcp-lock-host-netns": 600,
  "ns-user-map": 700,
  "ns-user-ownership": 701,
  mount: 710,
  netdev: 1300,
  "seccomp-filter": 800,
  lsm: 810,
  memory: 900,
  "timer-posix-thread-gone": 920,
  "attr-rlimit-files": 915,
  "attr-rlimit-memory": 914,
  timer: 921,
  "thread-rseq": 930,
  "thread-rseq-flags": 931,
  attributes: 940,
  session: 950,
  "sess-outside-pidns": 950,
  fd: 960,
  file: 960,
  socket: 960,
  "socket-inet": 960,
  "socket-unix": 960,
  "socket-other": 960,
  tty: 960,
  device: 960,
  // Its descriptor cannot even be received, and all are received before the first is looked at.
  "fd-io-uring": 959,
  "fd-eventpoll-foreign": 961,
  "lock-lease-breaking": 960,
  "lock-unknown-kind": 960,
  "thread-robust-list": 980,
  "thread-dead-pid-clash": 1000,
  "mnt-fuse": 1010,
  "mnt-tmpfs": 1010,
  "mem-sysv-shm": 985,
  "mem-packet-ring-closed": 985,
  "mem-sealed-unreadable": 970,
  "mem-packet-ring-unknown": 985,
  lock: 1020,
  "tty-attached-shell": 1030,
  "sess-zombie-outside-pidns": 1040,
  "sess-root-not-leader": 1050,
  ipc: 1060,
  "ns-pid-no-init": 1070,
  cgroup: 1080,
  "unix-ext-stream": 1090,
  "unix-ext-dgram-named": 1090,
  "unix-ext-dgram-unnamed": 1090,
  "tty-pts-bind-mount": 1010,
  "tty-dev-tty": 1095,
  "tty-dev-tty-other-task": 1095,
  "tty-slave-without-master": 1100,
  "tty-two-outer-terminals": 1100,
};

/** Steps that criu does one task after the other: collect_pstree_ids and dump_one_task. */
const PER_TASK = [500, 900];

/** The step in which criu looks at the descriptors of a task, by number. */
const DESCRIPTORS = 960;
/** No descriptor has a higher number (sysctl fs.nr_open). */
const MOST_DESCRIPTORS = 2 ** 31;

/** A number by which obstacles are sorted, before the tasks' own order; `subject` such as `fd 8`. */
export function orderOf(rule: RuleId, subject: string): number {
  const step = STEPS[rule] ?? STEPS[ruleNamed(rule).resource] ?? 9999;
  const fd = step === DESCRIPTORS ? /^fd (\d+)$/.exec(subject)?.[1] : undefined;
  return fd === undefined ? step : step + Number(fd) / MOST_DESCRIPTORS;
}

/** Whether both belong to one step that criu does in whole for a task before it comes to the next one. */
export function inOneTaskStep(a: number, b: number): boolean {
  const step = (order: number) => Math.floor(order / 100) * 100;
  return step(a) === step(b) && PER_TASK.includes(step(a));
}
