import { defineRules } from "./rule.ts";

/** Timers. */
export const TIMER_RULES = defineRules("timer", [
  {
    id: "timer-posix",
    stage: "DUMP",
    effect: "SUPPORTED",
    title: "POSIX timers",
    seen: "/proc/PID/timers: ID / signal / notify / ClockID groups",
    detail:
      "Ids are re-made at restore (fast path with timer_cr_ids, otherwise by creating and deleting timers up to the id).",
    features: ["timer_cr_ids"],
    references: [
      "criu:criu/proc_parse.c:parse_posix_timers",
      "zdtm:static/posix_timers",
      "zdtm:static/timers01",
      "zdtm:static/pthread_timers",
    ],
  },
  {
    id: "timer-posix-thread-pidns",
    stage: "DUMP",
    effect: "NEEDS_FEATURE",
    title: "a timer for a thread, in a pid namespace",
    seen:
      "/proc/PID/timers notify .../tid.N inside a dumped pid namespace: SIGEV_THREAD_ID timer and no NSpid in status",
    features: ["ns_pid"],
    messages: [{ text: "Have no NSpid support to dump notify thread id in pid namespace" }],
    remedy: "Boot Linux 4.1 or newer.",
    references: [
      "criu:criu/timer.c:encode_notify_thread_id",
      "zdtm:static/pthread_timers",
      "zdtm:static/pthread_timers_h",
    ],
  },
  {
    id: "timer-posix-thread-gone",
    stage: "DUMP",
    effect: "REFUSED",
    title: "a timer for a thread that has ended",
    seen: "/proc/PID/timers notify tid: thread that is no longer there",
    detail: "In a pid namespace of the tree the dump refuses.",
    messages: [{ text: "Unable to convert the notify thread id %d" }],
    remedy: "Let the program delete the timer, or restart it.",
    references: ["criu:criu/timer.c:encode_notify_thread_id", "zdtm:static/pthread_timers"],
  },
  {
    id: "timer-itimer",
    stage: "DUMP",
    effect: "SUPPORTED",
    title: "interval timers",
    seen: "getitimer from inside: any",
    detail: "Not visible in /proc.",
    references: ["criu:criu/cr-dump.c:dump_one_task", "zdtm:static/timers"],
    unobservable: "They are shown to the task itself only.",
  },
  {
    id: "timer-posix-thread-gone-host",
    stage: "RESTORE",
    effect: "REFUSED",
    title: "a timer for a thread that has ended, outside of a pid namespace of the tree",
    seen: "/proc/PID/timers notify tid: thread that is no longer there",
    detail: "The dump stores the number, and the restored task cannot make the timer: criu prints no reason.",
    remedy: "Let the program delete the timer, or restart it.",
    references: ["criu:criu/timer.c:encode_notify_thread_id"],
  },
]);
