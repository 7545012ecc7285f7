import { PTRACE_POKEUSER } from "../uapi.ts";
import type { Arch, Compat } from "./arch.ts";

/** x86_64 system call numbers (arch/x86/entry/syscalls/syscall_64.tbl). */
export const SYSCALLS = {
  read: 0,
  write: 1,
  close: 3,
  fstat: 5,
  lseek: 8,
  mmap: 9,
  mprotect: 10,
  munmap: 11,
  mremap: 25,
  madvise: 28,
  brk: 12,
  rt_sigaction: 13,
  rt_sigprocmask: 14,
  ioctl: 16,
  pread64: 17,
  pwrite64: 18,
  readv: 19,
  writev: 20,
  sched_yield: 24,
  sched_setaffinity: 203,
  sched_getaffinity: 204,
  getcpu: 309,
  dup: 32,
  dup3: 292,
  nanosleep: 35,
  clock_nanosleep: 230,
  getpid: 39,
  gettid: 186,
  getppid: 110,
  socket: 41,
  connect: 42,
  accept4: 288,
  bind: 49,
  listen: 50,
  shutdown: 48,
  sendto: 44,
  recvfrom: 45,
  sendmsg: 46,
  recvmsg: 47,
  getsockname: 51,
  getpeername: 52,
  socketpair: 53,
  setsockopt: 54,
  getsockopt: 55,
  clone: 56,
  execve: 59,
  execveat: 322,
  exit: 60,
  exit_group: 231,
  wait4: 61,
  waitid: 247,
  kill: 62,
  tgkill: 234,
  uname: 63,
  fcntl: 72,
  flock: 73,
  ftruncate: 77,
  getdents64: 217,
  getcwd: 79,
  chdir: 80,
  fchdir: 81,
  mkdirat: 258,
  unlinkat: 263,
  readlinkat: 267,
  fchmodat: 268,
  fchmod: 91,
  faccessat: 269,
  faccessat2: 439,
  openat: 257,
  openat2: 437,
  newfstatat: 262,
  statx: 332,
  umask: 95,
  gettimeofday: 96,
  getrlimit: 97,
  prlimit64: 302,
  sysinfo: 99,
  ptrace: 101,
  getuid: 102,
  geteuid: 107,
  getgid: 104,
  getegid: 108,
  setsid: 112,
  setpgid: 109,
  getpgid: 121,
  getsid: 124,
  capget: 125,
  capset: 126,
  rt_sigqueueinfo: 129,
  rt_tgsigqueueinfo: 297,
  rt_sigtimedwait: 128,
  rt_sigpending: 127,
  personality: 135,
  statfs: 137,
  fstatfs: 138,
  prctl: 157,
  arch_prctl: 158,
  mount: 165,
  umount2: 166,
  pivot_root: 155,
  sethostname: 170,
  setns: 308,
  unshare: 272,
  io_setup: 206,
  io_destroy: 207,
  io_getevents: 208,
  io_submit: 209,
  io_cancel: 210,
  timer_create: 222,
  timer_delete: 226,
  epoll_create1: 291,
  epoll_ctl: 233,
  epoll_pwait: 281,
  inotify_init1: 294,
  inotify_add_watch: 254,
  eventfd2: 290,
  signalfd4: 289,
  timerfd_create: 283,
  timerfd_settime: 286,
  timerfd_gettime: 287,
  pipe2: 293,
  ppoll: 271,
  pselect6: 270,
  splice: 275,
  tee: 276,
  vmsplice: 278,
  kcmp: 312,
  getxattr: 191,
  fgetxattr: 193,
  get_robust_list: 274,
  ioprio_get: 252,
  sched_getattr: 315,
  sched_getscheduler: 145,
  seccomp: 317,
  getrandom: 318,
  memfd_create: 319,
  userfaultfd: 323,
  process_vm_readv: 310,
  process_vm_writev: 311,
  name_to_handle_at: 303,
  open_by_handle_at: 304,
  membarrier: 324,
  rseq: 334,
  pidfd_open: 434,
  pidfd_getfd: 438,
  pidfd_send_signal: 424,
  clone3: 435,
  close_range: 436,
  move_mount: 429,
  open_tree: 428,
  fsopen: 430,
  fsconfig: 431,
  fsmount: 432,
  fspick: 433,
  mount_setattr: 442,
  io_uring_setup: 425,
  landlock_create_ruleset: 444,
  add_key: 248,
  keyctl: 250,
  clock_gettime: 228,
  clock_getres: 229,
  fallocate: 285,
  sync_file_range: 277,
  mincore: 27,
  mlock: 149,
  setuid: 105,
  setgid: 106,
  setresuid: 117,
  setresgid: 119,
  setgroups: 116,
  renameat2: 316,
  symlinkat: 266,
  linkat: 265,
  semget: 64,
  semctl: 66,
  shmget: 29,
  shmctl: 31,
  msgget: 68,
  msgctl: 71,
  futex: 202,
  getpriority: 140,
  setitimer: 38,
  getitimer: 36,
  perf_event_open: 298,
  bpf: 321,
  finit_module: 313,
  delete_module: 176,
  init_module: 175,
} as const;

/** Byte offsets in `struct user_regs_struct` (sys/user.h); 27 registers of 8 bytes. */
const REG = {
  r10: 56,
  r9: 64,
  r8: 72,
  rax: 80,
  rdx: 96,
  rsi: 104,
  rdi: 112,
  origRax: 120,
  rip: 128,
  eflags: 144,
  rsp: 152,
  rbx: 40,
  rbp: 32,
} as const;

const ARGUMENTS = [REG.rdi, REG.rsi, REG.rdx, REG.r10, REG.r8, REG.r9] as const;

/** Resume flag: set where a fault stopped the task, and lets the next instruction pass every breakpoint. */
const RF = 1n << 16n;

/** Where the debug registers are for PTRACE_POKEUSER: offsetof(struct user, u_debugreg), sys/user.h. */
const DEBUG_REGISTERS = 848;

/** i386, by `int $0x80` (arch/x86/entry/syscalls/syscall_32.tbl). */
const I386_ARGUMENTS = [REG.rbx, 88, /* rcx */ REG.rdx, REG.rsi, REG.rdi, REG.rbp] as const;

const i386: Compat = {
  name: "int $0x80",
  instruction: 0x80cd,
  mmap2: 192,
  mapVdso: 0x2002, // ARCH_MAP_VDSO_32, asm/prctl.h
  prepareSyscall(registers, instruction, number, args) {
    registers.setBigInt64(REG.rip, BigInt(instruction), true);
    registers.setBigInt64(REG.rax, BigInt(number), true);
    registers.setBigInt64(REG.origRax, -1n, true);
    I386_ARGUMENTS.forEach((offset, i) => registers.setBigInt64(offset, BigInt((args[i] ?? 0) >>> 0), true));
  },
  syscallResult(registers) {
    const value = registers.getUint32(REG.rax, true);
    return value > 0xfffff000 ? value - 2 ** 32 : value;
  },
};

/**
 * Machine code by which the processor is asked about itself, each `void f(unsigned a, unsigned b, void *out)` of the
 * System V calling convention: edi, esi, rdx. No call of a library, no stack but the saved rbx.
 */
const CPUID = new Uint8Array([
  0xf3,
  0x0f,
  0x1e,
  0xfa, // endbr64
  0x53, // push rbx, which cpuid overwrites and the caller owns
  0x49,
  0x89,
  0xd0, // mov r8, rdx
  0x89,
  0xf8, // mov eax, edi: the leaf
  0x89,
  0xf1, // mov ecx, esi: the subleaf
  0x0f,
  0xa2, // cpuid
  0x41,
  0x89,
  0x00, // mov [r8], eax
  0x41,
  0x89,
  0x58,
  0x04, // mov [r8+4], ebx
  0x41,
  0x89,
  0x48,
  0x08, // mov [r8+8], ecx
  0x41,
  0x89,
  0x50,
  0x0c, // mov [r8+12], edx
  0x5b, // pop rbx
  0xc3, // ret
]);

/** Reads the extended control register `a`; only where CPUID says OSXSAVE. */
const XGETBV = new Uint8Array([
  0xf3,
  0x0f,
  0x1e,
  0xfa, // endbr64
  0x49,
  0x89,
  0xd0, // mov r8, rdx
  0x89,
  0xf9, // mov ecx, edi
  0x0f,
  0x01,
  0xd0, // xgetbv
  0x41,
  0x89,
  0x00, // mov [r8], eax
  0x41,
  0x89,
  0x50,
  0x04, // mov [r8+4], edx
  0xc3, // ret
]);

/** The 64-bit x86 architecture. */
export const x86_64: Arch = {
  name: "x86_64",
  syscalls: SYSCALLS,
  syscallSymbolPrefix: "__x64_sys_",
  syscallInstruction: new Uint8Array([0x0f, 0x05]),
  instructionAlignment: 1,
  registersSize: 216,
  registersSize32: 68,
  segments: { wide: [136, 160, 184, 192, 200, 208], narrow: [28, 32, 36, 40, 52, 64] },
  prepareSyscall(registers, instruction, number, args) {
    registers.setBigInt64(REG.rip, BigInt(instruction), true);
    registers.setBigInt64(REG.rax, BigInt(number), true);
    // -1 tells the kernel that the task is not inside a call that it would have to restart.
    registers.setBigInt64(REG.origRax, -1n, true);
    registers.setBigInt64(REG.eflags, registers.getBigInt64(REG.eflags, true) & ~RF, true);
    ARGUMENTS.forEach((offset, i) => registers.setBigInt64(offset, BigInt(args[i] ?? 0), true));
  },
  syscallResult: (registers) => registers.getBigInt64(REG.rax, true),
  prepareJump(registers, address) {
    registers.setBigInt64(REG.rip, BigInt(address), true);
    registers.setBigInt64(REG.origRax, -1n, true);
    // The ABI wants rsp + 8 divisible by 16 at a function's first instruction.
    const rsp = registers.getBigInt64(REG.rsp, true);
    registers.setBigInt64(REG.rsp, ((rsp - 256n) & ~15n) - 8n, true);
  },
  instructionPointer: (registers) => Number(registers.getBigInt64(REG.rip, true)),
  setBreakpoint(ask, _memory, address) {
    ask("PTRACE_POKEUSER, child, u_debugreg[0], address", PTRACE_POKEUSER, DEBUG_REGISTERS, address);
    ask("PTRACE_POKEUSER, child, u_debugreg[7], 1", PTRACE_POKEUSER, DEBUG_REGISTERS + 7 * 8, 1);
    return true;
  },
  compat: i386,
  cpuid: { instruction: CPUID, xgetbv: XGETBV },
  epollEvent: { size: 12, dataOffset: 4 },
  oDirectory: 0o200000,
  oNofollow: 0o400000,
  oDirect: 0o40000,
  auditArch: 0xc000003e,
  pageSize: 4096,
  parasiteThread: 112,
  taskSizes: [0x7ffffffff000],
};
