import type { Memory } from "../memory.ts";

/** What differs between processor architectures; nothing outside `ffi/arch/` asks which one it runs on. */

/** Names of the system calls cready makes, spelled as in `unistd.h`. */
export type SyscallName = keyof typeof import("./x86_64.ts").SYSCALLS;

/** One processor architecture, as the injection of system calls and the probes need it. */
export interface Arch {
  /** As `uname -m` prints it. */
  readonly name: "x86_64" | "aarch64";
  /** System call numbers; a call that the architecture does not have is absent. */
  readonly syscalls: Readonly<Partial<Record<SyscallName, number>>>;
  /** Prefix of a system call's function in /proc/kallsyms, such as `__x64_sys_`. */
  readonly syscallSymbolPrefix: string;
  /** The machine code of the system call instruction, as it is looked for in libc's `syscall`. */
  readonly syscallInstruction: Uint8Array;
  /** Every instruction begins at a multiple of so many bytes. */
  readonly instructionAlignment: number;
  /** Bytes of the general registers as ptrace moves them. */
  readonly registersSize: number;
  /** The same of a 32-bit task. */
  readonly registersSize32: number;
  /** Where the segment registers are in the registers of a 64-bit and of a 32-bit task; absent where there are none. */
  readonly segments?: { readonly wide: readonly number[]; readonly narrow: readonly number[] };
  /**
   * Writes into `registers` what makes the task execute one system call.
   * The restart logic of an interrupted call must be switched off by it.
   */
  prepareSyscall(
    registers: DataView,
    instruction: number,
    number: number,
    args: readonly number[],
  ): void;
  /** The result of the call just executed: a value, or -errno. */
  syscallResult(registers: DataView): bigint;
  /** Lets the task go on at `address` as if a function were called there. */
  prepareJump(registers: DataView, address: number): void;
  /** Where the task will execute next. */
  instructionPointer(registers: DataView): number;
  /** Bytes of one `struct epoll_event`, and where its data starts (packed on x86_64 only). */
  readonly epollEvent: { readonly size: number; readonly dataOffset: number };
  /** O_DIRECTORY (asm/fcntl.h). */
  readonly oDirectory: number;
  /** O_NOFOLLOW. */
  readonly oNofollow: number;
  /** O_DIRECT, which for a pipe means packets. */
  readonly oDirect: number;
  /** AUDIT_ARCH of the native system calls, for seccomp filters (linux/audit.h). */
  readonly auditArch: number;
  /** Bytes of a page; null where kernels differ in it. */
  readonly pageSize: number | null;
  /** Bytes of CRIU's struct parasite_dump_thread: its description of a thread's local storage is the architecture's. */
  readonly parasiteThread: number;
  /** Where the addresses end that a program gets without asking (TASK_SIZE): of each kind of kernel, largest first. */
  readonly taskSizes: readonly number[];
  /**
   * Makes the stopped child stop by SIGTRAP before it executes `address`, by a hardware breakpoint; false where the
   * processor has none. `ask` makes a ptrace request on the child, as Subject.ask does.
   */
  setBreakpoint(ask: PtraceRequest, memory: Memory, address: number): boolean;
  /** Reads what CRIU does not keep of a stopped thread's registers; absent where it keeps all. `look` as PtraceRequest. */
  unkept?(look: PtraceRequest, memory: Memory): UnkeptRegisters;
  /** The 32-bit ABI of the same processor, which CRIU can restore tasks of; absent where it cannot. */
  readonly compat?: Compat;
  /** Functions in machine code that ask the processor about itself (ffi/machine_code.ts); absent where it cannot be asked so. */
  readonly cpuid?: { readonly instruction: Uint8Array; readonly xgetbv: Uint8Array };
}

/** One ptrace request: its words as a person would write them, its number, and its address and data. */
export type PtraceRequest = (text: string, request: number, address: number, data: number) => number;

/** What CRIU does not keep of the registers of a thread. */
export interface UnkeptRegisters {
  /** Whether the kernel takes pointers with a tag in their top byte from it. */
  readonly taggedAddresses: boolean;
  /** Whether there are values in registers of the scalable extensions: vectors beyond 128 bits, predicates, matrices. */
  readonly scalable: boolean;
  /** Bytes of its scalable vectors; 0 where there are none. */
  readonly vectorLength: number;
}

/** How a 64-bit task makes 32-bit system calls. */
export interface Compat {
  /** As a person would write the instruction. */
  readonly name: string;
  /** Its machine code, as a word of 8 bytes. */
  readonly instruction: number;
  /** The number of mmap2 in that ABI. */
  readonly mmap2: number;
  /** What arch_prctl is asked to map the 32-bit vDSO. */
  readonly mapVdso: number;
  /** As of Arch. */
  prepareSyscall(registers: DataView, instruction: number, number: number, args: readonly number[]): void;
  /** The result of the call just executed: a value of 32 bits, or -errno. */
  syscallResult(registers: DataView): number;
}
