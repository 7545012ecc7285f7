import { defineRules } from "./rule.ts";

/** Rules about ipc. */
export const IPC_RULES = defineRules("ipc", [
  {
    id: "ipc-own-ns",
    stage: "DUMP",
    effect: "SUPPORTED",
    title: "differs",
    seen: "/proc/PID/ns/ipc inode versus the dumper: differs",
    detail: "All segments, semaphores, queues and sysctls of the namespace are dumped.",
    messages: [{ text: "Failed to collect %d (only %d succeeded)" }],
    references: [
      "criu:criu/ipc_ns.c:dump_ipc_shm",
      "zdtm:static/ipc_namespace",
      "zdtm:static/shm",
      "zdtm:static/sem",
      "zdtm:static/msgque",
      "zdtm:transition/ipc",
    ],
  },
  {
    id: "ipc-shm-host",
    stage: "DUMP",
    effect: "REFUSED",
    title: "attached segment with a shared IPC namespace",
    seen: "see mem-sysv-shm: attached segment with a shared IPC namespace",
    messages: [{ text: "Task %d with SysVIPC shmem map @%lx doesn't live in IPC ns" }],
    references: ["criu:criu/cr-dump.c:check_sysvipc_map_dump", "zdtm:static/shm"],
  },
  {
    id: "ipc-sem-msg-host",
    stage: "RESTORE",
    effect: "SUPPORTED",
    fidelity: "LOST",
    title: "semaphores or queues used in a shared IPC namespace",
    seen:
      "/proc/sysvipc/sem, /proc/sysvipc/msg (cuid, lspid, lrpid): semaphores or queues used in a shared IPC namespace",
    detail: "Nothing binds them to a task: not dumped, dump succeeds. They must still exist at restore.",
    references: ["criu:criu/cr-dump.c:check_sysvipc_map_dump", "zdtm:static/sem", "zdtm:static/msgque"],
  },
  {
    id: "ipc-shm-detached",
    stage: "DUMP",
    effect: "SUPPORTED",
    title: "segments without attach",
    seen: "/proc/sysvipc/shm nattch of the namespace: segments without attach",
    detail: "Dumped too.",
    references: ["criu:criu/shmem.c:dump_one_sysv_shmem", "zdtm:static/shm-mp"],
  },
  {
    id: "ipc-shm-partial-attach",
    stage: "RESTORE",
    effect: "SUPPORTED",
    title: "partial unmap or split (mprotect) of an attached segment",
    seen:
      "/proc/PID/maps /SYSV... size against the segment size: partial unmap or split (mprotect) of an attached segment",
    detail: "Restore refuses holes and misordered chunks.",
    messages: [{ text: "Sysv shmem %lx with a hole not supported" }],
    references: ["criu:criu/shmem.c:open_shmem_sysv", "zdtm:static/shm"],
  },
  {
    id: "ipc-posix-shm",
    stage: "DUMP",
    effect: "SUPPORTED",
    fidelity: "PARTIAL",
    title: "tmpfs file",
    seen: "fd or mapping below /dev/shm: tmpfs file",
    detail:
      "A regular file: its contents are saved only if the tree has its own mount namespace (tmpfs archive) or the file is deleted (ghost).",
    references: ["criu:criu/files-reg.c:dump_one_reg_file", "zdtm:transition/shmem", "zdtm:static/tempfs"],
  },
  {
    id: "ipc-mqueue-mount",
    stage: "DUMP",
    effect: "REFUSED",
    title: "mount of a dumped namespace with queues in it",
    seen: "/proc/PID/mountinfo type mqueue: mount of a dumped namespace with queues in it",
    messages: [{ text: "%s isn't empty" }],
    references: ["criu:criu/filesystems.c:dump_empty_fs"],
  },
]);
