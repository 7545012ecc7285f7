import { defineRules } from "./rule.ts";

/** Rules about session. */
export const SESSION_RULES = defineRules("session", [
  {
    id: "sess-root-not-leader",
    stage: "DUMP",
    effect: "NEEDS_OPTION",
    title: "session != PID",
    seen: "/proc/PID/stat field 6 (session) of the root task: session != PID",
    detail:
      "The root must lead its session, otherwise the caller must say that it is a shell job (the same option is then due on restore).",
    options: ["--shell-job"],
    messages: [{ text: "The root process %d is not a session leader. Consider using --shell-job option" }],
    references: ["criu:criu/pstree.c:dump_pstree", "zdtm:static/session00", "zdtm:static/session01"],
  },
  {
    id: "sess-outside-pidns",
    stage: "DUMP",
    effect: "REFUSED",
    title: "0 in the innermost pid namespace",
    seen: "/proc/PID/status NSsid, last column: 0 in the innermost pid namespace",
    detail:
      "Happens in a dumped pid namespace when the session leader lives outside of it (docker exec, nsenter). --shell-job does not lift it.",
    messages: [{ text: "A session leader of %d(%d) is outside of its pid namespace" }],
    references: ["criu:criu/cr-dump.c:dump_one_task", "zdtm:static/session01"],
  },
  {
    id: "sess-zombie-outside-pidns",
    stage: "DUMP",
    effect: "REFUSED",
    title: "0 for a zombie",
    seen: "/proc/PID/stat field 6 read inside the pid namespace: 0 for a zombie",
    messages: [{ text: "A session leader of zombie process %d(%d) is outside of its pid namespace" }],
    references: ["criu:criu/cr-dump.c:dump_zombies"],
  },
  {
    id: "sess-foreign-deep",
    stage: "RESTORE",
    effect: "SUPPORTED",
    title: "session neither the own pid, nor the parent session, nor an ancestor of the task in the tree",
    seen:
      "/proc/PID/stat field 6 of each task: session neither the own pid, nor the parent session, nor an ancestor of the task in the tree",
    detail: "Dump does not look. Restore creates helper tasks for children of the root, and refuses deeper ones.",
    messages: [{ text: "Can't find a session leader for %d" }],
    references: [
      "criu:criu/pstree.c:prepare_pstree_ids",
      "zdtm:static/session01",
      "zdtm:static/session02",
      "zdtm:static/session03",
    ],
  },
  {
    id: "sess-born-ambiguous",
    stage: "RESTORE",
    effect: "SUPPORTED",
    title: "a parent forked children in more than one earlier session",
    seen: "/proc/PID/stat field 6 over the tree: a parent forked children in more than one earlier session",
    detail: "Restore cannot tell in which session the parent was born.",
    messages: [{ text: "Can't figure out which sid (%d or %d)the process %d was born with" }],
    references: ["criu:criu/pstree.c:prepare_pstree_ids", "zdtm:static/session02", "zdtm:static/session03"],
  },
  {
    id: "sess-pgid-absent",
    stage: "RESTORE",
    effect: "SUPPORTED",
    title: "process group whose leader is not in the tree",
    seen: "/proc/PID/stat field 5: process group whose leader is not in the tree",
    detail: "Restore makes a temporary helper with that pid (the pid must be free).",
    references: ["criu:criu/pstree.c:prepare_pstree_ids", "zdtm:static/session00", "zdtm:static/pstree"],
  },
  {
    id: "sess-shell-job-clash",
    stage: "RESTORE",
    effect: "SUPPORTED",
    title: "number equal to a pid, session or group in the images",
    seen: "getsid/getpgid of the restoring shell: number equal to a pid, session or group in the images",
    detail: "With --shell-job the tree is moved to the session of the restorer; collisions are refused.",
    options: ["--shell-job"],
    messages: [{ text: "Current sid %d intersects with pid (%d) in images" }],
    references: ["criu:criu/pstree.c:prepare_pstree_for_shell_job"],
  },
]);
