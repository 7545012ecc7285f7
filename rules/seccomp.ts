import { defineRules } from "./rule.ts";

/** System call filters. */
export const SECCOMP_RULES = defineRules("seccomp", [
  {
    id: "seccomp-strict",
    stage: "DUMP",
    effect: "NEEDS_FEATURE",
    title: "strict seccomp",
    seen: "/proc/PID/task/TID/status Seccomp: 1",
    detail:
      "Seccomp is suspended through ptrace while the task is worked on; the dumper itself must not be under seccomp and must hold CAP_SYS_ADMIN.",
    features: ["seccomp_suspend"],
    messages: [{ text: "suspending seccomp failed", errno: true }],
    remedy:
      "Run criu as root with CAP_SYS_ADMIN and without a seccomp filter of its own, on a kernel with CONFIG_CHECKPOINT_RESTORE=y.",
    references: ["criu:compel/src/lib/ptrace.c:ptrace_suspend_seccomp", "zdtm:static/seccomp_strict"],
  },
  {
    id: "seccomp-filter",
    stage: "DUMP",
    effect: "NEEDS_FEATURE",
    title: "seccomp filters",
    seen: "/proc/PID/task/TID/status Seccomp (and Seccomp_filters): 2",
    detail:
      "Classic programs and flags are read back through ptrace. Needs CAP_SYS_ADMIN and a dumper without seccomp.",
    features: ["seccomp_suspend", "seccomp_filters"],
    messages: [
      { text: "suspending seccomp failed", errno: true },
      { text: "Can't fetch filter on tid_real %d i %zu", errno: true },
    ],
    remedy:
      "Run criu as root with CAP_SYS_ADMIN and without a seccomp filter of its own, on a kernel with CONFIG_CHECKPOINT_RESTORE=y.",
    references: [
      "criu:criu/seccomp.c:collect_filter",
      "zdtm:static/seccomp_filter",
      "zdtm:static/seccomp_filter_inheritance",
      "zdtm:static/seccomp_filter_threads",
      "zdtm:static/seccomp_filter_tsync",
    ],
  },
  {
    id: "seccomp-user-notif",
    stage: "DUMP",
    effect: "SUPPORTED",
    fidelity: "LOST",
    title: "seccomp filters that ask a supervisor",
    seen:
      '/proc/PID/task/TID/status Seccomp 2; a listener fd "anon_inode:seccomp notify" in some other process: filter with SECCOMP_RET_USER_NOTIF',
    detail:
      "Only the log and tsync flags are known: the listener is not rebuilt, notified calls then fail with ENOSYS.",
    features: ["seccomp_filters"],
    remedy: "Restart the program under its supervisor after the restore.",
    references: ["criu:criu/seccomp.c:collect_filter", "zdtm:static/seccomp_filter"],
    unobservable:
      "What a filter returns can be read only from a stopped task by a caller with CAP_SYS_ADMIN; a listener is seen only where its holder may be looked at.",
  },
  {
    id: "seccomp-dumper",
    stage: "DUMP",
    effect: "REFUSED",
    title: "criu runs under a seccomp filter",
    seen: "/proc/self/status Seccomp of the dumper: != 0 (running inside a container)",
    detail:
      "The kernel refuses suspend and filter reading to a filtered tracer. Only matters when a task of the tree has Seccomp != 0.",
    messages: [{ text: "suspending seccomp failed", errno: true }],
    remedy: "Run criu on the host, or in a container with --security-opt seccomp=unconfined.",
    references: ["criu:compel/src/lib/ptrace.c:ptrace_suspend_seccomp"],
  },
]);
