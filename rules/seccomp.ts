import { defineRules } from "./rule.ts";

/** Rules about seccomp. */
export const SECCOMP_RULES = defineRules("seccomp", [
  {
    id: "seccomp-strict",
    stage: "DUMP",
    effect: "NEEDS_FEATURE",
    title: "1",
    seen: "/proc/PID/task/TID/status Seccomp: 1",
    detail:
      "Seccomp is suspended through ptrace while the task is worked on; the dumper itself must not be under seccomp and must hold CAP_SYS_ADMIN.",
    features: ["seccomp_suspend"],
    messages: [{ text: "suspending seccomp failed", errno: true }],
    references: ["criu:compel/src/lib/ptrace.c:ptrace_suspend_seccomp", "zdtm:static/seccomp_strict"],
  },
  {
    id: "seccomp-filter",
    stage: "DUMP",
    effect: "NEEDS_FEATURE",
    title: "2",
    seen: "/proc/PID/task/TID/status Seccomp (and Seccomp_filters): 2",
    detail:
      "Classic programs and flags are read back through ptrace. Needs CAP_SYS_ADMIN and a dumper without seccomp.",
    features: ["seccomp_suspend", "seccomp_filters"],
    messages: [{ text: "Can't fetch filter on tid_real %d i %zu", errno: true }],
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
    title: "filter with SECCOMP_RET_USER_NOTIF",
    seen:
      '/proc/PID/task/TID/status Seccomp 2; a listener fd "anon_inode:seccomp notify" in some other process: filter with SECCOMP_RET_USER_NOTIF',
    detail:
      "Only the log and tsync flags are known: the listener is not rebuilt, notified calls then fail with ENOSYS.",
    features: ["seccomp_filters"],
    references: ["criu:criu/seccomp.c:collect_filter", "zdtm:static/seccomp_filter"],
  },
  {
    id: "seccomp-dumper",
    stage: "DUMP",
    effect: "REFUSED",
    title: "!= 0 (running inside a container)",
    seen: "/proc/self/status Seccomp of the dumper: != 0 (running inside a container)",
    detail:
      "The kernel refuses suspend and filter reading to a filtered tracer. Only matters when a task of the tree has Seccomp != 0.",
    features: ["seccomp_suspend"],
    messages: [{ text: "suspending seccomp failed", errno: true }],
    references: ["criu:compel/src/lib/ptrace.c:ptrace_suspend_seccomp"],
  },
]);
