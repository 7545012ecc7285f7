import { SysError } from "./errno.ts";
import type { SyscallName } from "./arch/arch.ts";
import type { Sys } from "./sys.ts";

const IDENTITY = {
  // int setgroups(size_t size, const gid_t *list); unlike the system call it changes all threads
  setgroups: { parameters: ["usize", "i64"], result: "i32" },
  // int setresgid(gid_t rgid, gid_t egid, gid_t sgid); likewise
  setresgid: { parameters: ["u32", "u32", "u32"], result: "i32" },
  // int setresuid(uid_t ruid, uid_t euid, uid_t suid); likewise
  setresuid: { parameters: ["u32", "u32", "u32"], result: "i32" },
  // int *__errno_location(void)
  __errno_location: { parameters: [], result: "pointer" },
} as const satisfies Deno.ForeignLibraryInterface;

/**
 * Makes the whole process another user's, in no further group: every thread, and so without capabilities when it was
 * root (nptl(7), capabilities(7)). There is no way back. Throws `SysError`.
 */
export function becomeUser(uid: number, gid: number): void {
  const { symbols: libc } = Deno.dlopen("libc.so.6", IDENTITY);
  const check = (call: string, result: number) => {
    if (result === 0) return;
    const errno = libc.__errno_location();
    throw new SysError(call, errno ? new Deno.UnsafePointerView(errno).getInt32() : 0);
  };
  check("setgroups(0)", libc.setgroups(0n, 0n));
  check(`setresgid(${gid})`, libc.setresgid(gid, gid, gid));
  check(`setresuid(${uid})`, libc.setresuid(uid, uid, uid));
}

/** What a process that only answers on its sockets has no use for. */
const FORBIDDEN: readonly SyscallName[] = [
  "execve",
  "execveat",
  "ptrace",
  "process_vm_readv",
  "process_vm_writev",
  "pidfd_getfd",
  "kcmp",
  "mount",
  "umount2",
  "pivot_root",
  "move_mount",
  "open_tree",
  "fsopen",
  "fsconfig",
  "fsmount",
  "fspick",
  "mount_setattr",
  "setns",
  "unshare",
  "name_to_handle_at",
  "open_by_handle_at",
  "init_module",
  "finit_module",
  "delete_module",
  "bpf",
  "perf_event_open",
  "io_uring_setup",
  "userfaultfd",
  "add_key",
  "keyctl",
  "sethostname",
];

// linux/bpf_common.h
const LOAD_WORD = 0x20, JUMP_EQUAL = 0x15, JUMP_GREATER_EQUAL = 0x35, RETURN = 0x06;
// linux/seccomp.h
const SECCOMP_SET_MODE_FILTER = 1, SECCOMP_FILTER_FLAG_TSYNC = 1;
const SECCOMP_RET_ALLOW = 0x7fff0000, SECCOMP_RET_EPERM = 0x00050001;
const PR_SET_NO_NEW_PRIVS = 38;
/** x32 system calls of x86_64 have this bit; on aarch64 no number is as high. */
const X32_BIT = 0x40000000;

/**
 * Takes from all threads the ways to gain privileges: no_new_privs, and a filter that answers EPERM to starting
 * programs, tracing, mounting, namespaces, modules and the like. Throws `SysError` where the kernel refuses.
 */
export function renouncePrivileges(sys: Sys): void {
  const numbers = FORBIDDEN.flatMap((name) => sys.arch.syscalls[name] ?? []);
  // A jump counts the instructions that it passes over; the last one refuses.
  const last = numbers.length + 5;
  const program: [code: number, ifTrue: number, ifFalse: number, k: number][] = [
    [LOAD_WORD, 0, 0, 4], // seccomp_data.arch
    [JUMP_EQUAL, 0, last - 2, sys.arch.auditArch],
    [LOAD_WORD, 0, 0, 0], // seccomp_data.nr
    [JUMP_GREATER_EQUAL, last - 4, 0, X32_BIT],
    ...numbers.map((number, i): [number, number, number, number] => [JUMP_EQUAL, last - 5 - i, 0, number]),
    [RETURN, 0, 0, SECCOMP_RET_ALLOW],
    [RETURN, 0, 0, SECCOMP_RET_EPERM],
  ];
  const { memory } = sys;
  const mark = memory.mark();
  const filter = memory.alloc(program.length * 8);
  program.forEach(([code, ifTrue, ifFalse, k], i) => {
    memory.setU16(filter + i * 8, code);
    memory.setU8(filter + i * 8 + 2, ifTrue);
    memory.setU8(filter + i * 8 + 3, ifFalse);
    memory.setU32(filter + i * 8 + 4, k >>> 0);
  });
  const fprog = memory.alloc(16);
  memory.setU16(fprog, program.length);
  memory.setU64(fprog + 8, filter);
  try {
    sys.call("prctl", PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    const refused = sys.call("seccomp", SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, fprog);
    if (refused > 0) throw new SysError(`seccomp(SECCOMP_FILTER_FLAG_TSYNC): thread ${refused}`, 3 /* ESRCH */);
  } finally {
    memory.release(mark);
  }
}
