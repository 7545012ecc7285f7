import { PTRACE_GETREGSET, PTRACE_SETREGSET } from "../uapi.ts";
import type { Memory } from "../memory.ts";
import type { Arch, PtraceRequest, SyscallName } from "./arch.ts";

/** aarch64 system call numbers (asm-generic/unistd.h). arch_prctl is of x86 only. */
const SYSCALLS = {
  read: 63,
  write: 64,
  close: 57,
  fstat: 80,
  lseek: 62,
  mmap: 222,
  mprotect: 226,
  munmap: 215,
  mremap: 216,
  madvise: 233,
  brk: 214,
  rt_sigaction: 134,
  rt_sigprocmask: 135,
  ioctl: 29,
  pread64: 67,
  pwrite64: 68,
  readv: 65,
  writev: 66,
  sched_yield: 124,
  sched_setaffinity: 122,
  sched_getaffinity: 123,
  getcpu: 168,
  dup: 23,
  dup3: 24,
  nanosleep: 101,
  clock_nanosleep: 115,
  getpid: 172,
  gettid: 178,
  getppid: 173,
  socket: 198,
  connect: 203,
  accept4: 242,
  bind: 200,
  listen: 201,
  shutdown: 210,
  sendto: 206,
  recvfrom: 207,
  sendmsg: 211,
  recvmsg: 212,
  getsockname: 204,
  getpeername: 205,
  socketpair: 199,
  setsockopt: 208,
  getsockopt: 209,
  clone: 220,
  execve: 221,
  execveat: 281,
  exit: 93,
  exit_group: 94,
  wait4: 260,
  waitid: 95,
  kill: 129,
  tgkill: 131,
  uname: 160,
  fcntl: 25,
  flock: 32,
  ftruncate: 46,
  getdents64: 61,
  getcwd: 17,
  chdir: 49,
  fchdir: 50,
  mkdirat: 34,
  unlinkat: 35,
  readlinkat: 78,
  fchmodat: 53,
  fchmod: 52,
  faccessat: 48,
  faccessat2: 439,
  openat: 56,
  openat2: 437,
  newfstatat: 79,
  statx: 291,
  umask: 166,
  gettimeofday: 169,
  getrlimit: 163,
  prlimit64: 261,
  sysinfo: 179,
  ptrace: 117,
  getuid: 174,
  geteuid: 175,
  getgid: 176,
  getegid: 177,
  setsid: 157,
  setpgid: 154,
  getpgid: 155,
  getsid: 156,
  capget: 90,
  capset: 91,
  rt_sigqueueinfo: 138,
  rt_tgsigqueueinfo: 240,
  rt_sigtimedwait: 137,
  rt_sigpending: 136,
  personality: 92,
  statfs: 43,
  fstatfs: 44,
  prctl: 167,
  mount: 40,
  umount2: 39,
  pivot_root: 41,
  sethostname: 161,
  setns: 268,
  unshare: 97,
  io_setup: 0,
  io_destroy: 1,
  io_getevents: 4,
  io_submit: 2,
  io_cancel: 3,
  timer_create: 107,
  timer_delete: 111,
  epoll_create1: 20,
  epoll_ctl: 21,
  epoll_pwait: 22,
  inotify_init1: 26,
  inotify_add_watch: 27,
  eventfd2: 19,
  signalfd4: 74,
  timerfd_create: 85,
  timerfd_settime: 86,
  timerfd_gettime: 87,
  pipe2: 59,
  ppoll: 73,
  pselect6: 72,
  splice: 76,
  tee: 77,
  vmsplice: 75,
  kcmp: 272,
  getxattr: 8,
  fgetxattr: 10,
  get_robust_list: 100,
  ioprio_get: 31,
  sched_getattr: 275,
  sched_getscheduler: 120,
  seccomp: 277,
  getrandom: 278,
  memfd_create: 279,
  userfaultfd: 282,
  process_vm_readv: 270,
  process_vm_writev: 271,
  name_to_handle_at: 264,
  open_by_handle_at: 265,
  membarrier: 283,
  rseq: 293,
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
  add_key: 217,
  keyctl: 219,
  clock_gettime: 113,
  clock_getres: 114,
  fallocate: 47,
  sync_file_range: 84,
  mincore: 232,
  mlock: 228,
  setuid: 146,
  setgid: 144,
  setresuid: 147,
  setresgid: 149,
  setgroups: 159,
  renameat2: 276,
  symlinkat: 36,
  linkat: 37,
  semget: 190,
  semctl: 191,
  shmget: 194,
  shmctl: 195,
  msgget: 186,
  msgctl: 187,
  futex: 98,
  getpriority: 141,
  setitimer: 103,
  getitimer: 102,
  perf_event_open: 241,
  bpf: 280,
  finit_module: 273,
  delete_module: 106,
  init_module: 105,
} as const satisfies Partial<Record<SyscallName, number>>;

/** Byte offsets in `struct user_pt_regs` (asm/ptrace.h): x0 to x30, sp, pc, pstate, 8 bytes each. */
const REG = { x0: 0, x8: 64, x9: 72, sp: 248, pc: 256, pstate: 264 } as const;
const REGISTERS = 272;

/**
 * BTYPE of pstate: by which kind of branch the task came to its next instruction, which then has to be one that such a
 * branch may reach (BTI). It was not by a branch that it comes to ours.
 */
const BTYPE = 0b11n << 10n;

/** The debug registers for breakpoints: struct user_hwdebug_state, of which one breakpoint is set. */
const NT_ARM_HW_BREAK = 0x402;
const HWDEBUG = { info: 0, address: 8, control: 16, size: 24 } as const;
/** DBGBCR_EL1: 4 bytes of an instruction, executed at EL0, enabled (asm/hw_breakpoint.h). */
const BREAK_ON_EXECUTION = (0xf << 5) | (2 << 1) | 1;

// linux/elf.h: more registers of a thread.
const NT_ARM_SVE = 0x405;
const NT_ARM_TAGGED_ADDR_CTRL = 0x409;
const NT_ARM_SSVE = 0x40b;
const NT_ARM_ZA = 0x40c;
/** struct user_sve_header, which struct user_za_header is like (asm/ptrace.h). */
const SCALABLE = { size: 0, vl: 8, flags: 12, bytes: 16 } as const;
/** There are scalable registers, not only those of 128 bits. */
const SVE_PT_REGS_SVE = 1;
const PR_TAGGED_ADDR_ENABLE = 1;

/** The beginning of a set of registers, or undefined where the kernel or the processor has none. */
function registerSet(
  look: PtraceRequest,
  memory: Memory,
  name: string,
  type: number,
  size: number,
): number | undefined {
  const at = memory.alloc(size);
  const iov = memory.alloc(16);
  memory.setU64(iov, at);
  memory.setU64(iov + 8, size);
  return look(`PTRACE_GETREGSET, thread, ${name}`, PTRACE_GETREGSET, type, iov) < 0 ? undefined : at;
}

const EINTR = 4n;

function go(registers: DataView, address: number): void {
  registers.setBigInt64(REG.pc, BigInt(address), true);
  registers.setBigInt64(REG.pstate, registers.getBigInt64(REG.pstate, true) & ~BTYPE, true);
}

/** The 64-bit ARM architecture; made when it is asked for, so that it costs nothing elsewhere. */
export function aarch64(): Arch {
  return {
    name: "aarch64",
    syscalls: SYSCALLS,
    syscallSymbolPrefix: "__arm64_sys_",
    syscallInstruction: new Uint8Array([0x01, 0x00, 0x00, 0xd4]), // svc #0
    instructionAlignment: 4,
    registersSize: REGISTERS,
    registersSize32: 72,
    prepareSyscall(registers, instruction, number, args) {
      go(registers, instruction);
      registers.setBigInt64(REG.x8, BigInt(number), true);
      for (let i = 0; i < 6; i++) registers.setBigInt64(i * 8, BigInt(args[i] ?? 0), true);
      // The kernel keeps all registers but x0. It restarts an interrupted call only where the task stands behind the
      // call's instruction, which is another one than ours; by this register syscallResult tells an interrupted call.
      registers.setBigInt64(REG.x9, BigInt(instruction), true);
    },
    syscallResult(registers) {
      // A call to be restarted: the task stands before it again, and x0 holds the first argument.
      if (registers.getBigInt64(REG.pc, true) === registers.getBigInt64(REG.x9, true)) return -EINTR;
      return registers.getBigInt64(REG.x0, true);
    },
    prepareJump(registers, address) {
      go(registers, address);
      // The ABI wants sp divisible by 16 at all times.
      registers.setBigInt64(REG.sp, (registers.getBigInt64(REG.sp, true) - 256n) & ~15n, true);
    },
    instructionPointer: (registers) => Number(registers.getBigInt64(REG.pc, true)),
    setBreakpoint(ask, memory, address) {
      const state = memory.alloc(HWDEBUG.size);
      const iov = memory.alloc(16);
      memory.setU64(iov, state);
      memory.setU64(iov + 8, HWDEBUG.size);
      ask("PTRACE_GETREGSET, child, NT_ARM_HW_BREAK", PTRACE_GETREGSET, NT_ARM_HW_BREAK, iov);
      // The number of breakpoints, and above it the version of the debug architecture; 0 for none.
      const info = memory.u32(state);
      if ((info & 0xff) === 0 || (info >> 8 & 0xff) === 0) return false;
      memory.setU64(state, 0);
      memory.setU64(state + HWDEBUG.address, address);
      memory.setU32(state + HWDEBUG.control, BREAK_ON_EXECUTION);
      memory.setU64(iov + 8, HWDEBUG.size);
      ask("PTRACE_SETREGSET, child, NT_ARM_HW_BREAK", PTRACE_SETREGSET, NT_ARM_HW_BREAK, iov);
      return true;
    },
    unkept(look, memory) {
      const control = registerSet(look, memory, "NT_ARM_TAGGED_ADDR_CTRL", NT_ARM_TAGGED_ADDR_CTRL, 8);
      const header = (name: string, type: number) => registerSet(look, memory, name, type, SCALABLE.bytes);
      const sve = header("NT_ARM_SVE", NT_ARM_SVE), streaming = header("NT_ARM_SSVE", NT_ARM_SSVE);
      const matrix = header("NT_ARM_ZA", NT_ARM_ZA);
      const used = (at: number | undefined) =>
        at !== undefined && (memory.u16(at + SCALABLE.flags) & SVE_PT_REGS_SVE) !== 0;
      return {
        taggedAddresses: control !== undefined && (memory.u32(control) & PR_TAGGED_ADDR_ENABLE) !== 0,
        scalable: used(sve) || used(streaming) ||
          (matrix !== undefined && memory.u32(matrix + SCALABLE.size) > SCALABLE.bytes),
        vectorLength: sve === undefined ? 0 : memory.u16(sve + SCALABLE.vl),
      };
    },
    epollEvent: { size: 16, dataOffset: 8 },
    oDirectory: 0o40000,
    oNofollow: 0o100000,
    oDirect: 0o200000,
    auditArch: 0xc00000b7,
    pageSize: null,
    parasiteThread: 80,
    taskSizes: [52, 48, 47, 42, 39, 36].map((bits) => 2 ** bits),
  };
}
