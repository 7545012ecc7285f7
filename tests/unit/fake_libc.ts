import type { SyscallName } from "../../ffi/arch/arch.ts";
import { aarch64 } from "../../ffi/arch/aarch64.ts";
import { x86_64 } from "../../ffi/arch/x86_64.ts";
import { errnoNumber } from "../../ffi/errno.ts";
import type { Libc } from "../../ffi/libc.ts";
import { Memory } from "../../ffi/memory.ts";
import {
  PROC_SUPER_MAGIC,
  PTRACE_CONT,
  PTRACE_GETREGSET,
  PTRACE_PEEKDATA,
  PTRACE_SETREGSET,
  PTRACE_SINGLESTEP,
  SIGKILL,
  SIGTRAP,
} from "../../ffi/uapi.ts";

/** One call as a fake answers it: `child` is true for a call injected into a child. */
export interface Call {
  readonly args: readonly number[];
  readonly memory: Memory;
  readonly child: boolean;
}

/** A value, an errno's name, or a function of the call that gives one; null: as where nothing is said of it. */
export type Reply = number | string | ((call: Call) => number | string | null);

/** What a fake machine answers. */
export interface FakeMachine {
  /** Files by path; a string starting with `!` is the errno that opening them gives. */
  readonly files?: Readonly<Record<string, string | Uint8Array>>;
  /** Symbolic links by path. */
  readonly links?: Readonly<Record<string, string>>;
  /** Replies by system call; those not named here behave like a Linux with nothing in it. */
  readonly calls?: Readonly<Partial<Record<SyscallName, Reply>>>;
  /** Replies by ptrace request, for the requests that a probe asks. */
  readonly ptrace?: Readonly<Record<number, Reply>>;
  /** Which processor it has; x86_64 by default. */
  readonly arch?: keyof typeof CALL_REGISTERS;
  /** Bytes of a page, where the processor leaves the kernel a choice; 4096 by default. */
  readonly page?: number;
  /** What clone of the sleeping child answers; a pid by default. */
  readonly clone?: number | string;
  readonly environment?: Readonly<Record<string, string>>;
  /** What a child's `int $0x80` answers, or the signal it gets for it. */
  readonly compat?: Reply | { readonly signal: number };
  /** The wait status of a child that was let run on, each time or one time after the other; SIGTRAP by default. */
  readonly resumed?: number | readonly number[];
  /** Programs by path: what they write, and the code they exit with (0 by default). Name them in `files` too. */
  readonly programs?: Readonly<Record<string, { readonly output?: string; readonly code?: number }>>;
}

/** /proc/self/status of root without a seccomp filter. */
export const ROOT_STATUS =
  "Uid:\t0\t0\t0\t0\nCapEff:\t000001ffffffffff\nNoNewPrivs:\t0\nSeccomp:\t0\nSeccomp_filters:\t0\n";
/** The same of an unprivileged user. */
export const NOBODY_STATUS =
  "Uid:\t65534\t65534\t65534\t65534\nCapEff:\t0000000000000000\nNoNewPrivs:\t0\nSeccomp:\t0\nSeccomp_filters:\t0\n";
/** A user for whom criu runs with --unprivileged: CAP_CHECKPOINT_RESTORE alone. */
export const CRIU_USER_STATUS = NOBODY_STATUS.replace("CapEff:\t0000000000000000", "CapEff:\t0000010000000000");
/** Root of a user namespace that owns none of the other namespaces. */
export const ROOT_OF_NOTHING = {
  links: { "/proc/self/ns/user": "user:[4026532000]" },
  files: { "/proc/self/ns/pid": "", "/proc/self/ns/ipc": "", "/proc/self/ns/net": "" },
  calls: { ioctl: "EPERM" },
} as const;
/** Root under one seccomp filter. */
export const FILTERED_STATUS = ROOT_STATUS.replace("Seccomp:\t0", "Seccomp:\t2");

const BASE = 0x10000;
/** Where every function of libc is; its system call instruction is at the second byte. */
const SYMBOL = 0x5000;
const CHILD_PID = 4242;
const OWN_PID = 4000;
/** Where a system call's number, arguments and result, and the next instruction's address are; and what libc's code is. */
const CALL_REGISTERS = {
  x86_64: { number: 80, args: [112, 104, 96, 56, 72, 64], result: 80, next: 128, code: [0x90, 0x0f, 0x05, 0xc3] },
  aarch64: {
    number: 64,
    args: [0, 8, 16, 24, 32, 40],
    result: 0,
    next: 256,
    code: [0x1f, 0x20, 3, 0xd5, 1, 0, 0, 0xd4],
  },
} as const;
/** Calls that succeed with 0 when the machine says nothing of them. */
const HARMLESS = ("close munmap sched_yield nanosleep kill mprotect " +
  "fcntl dup3 close_range setsid rt_sigaction geteuid mount mkdirat").split(" ");
/** The wait status of a child that stands still after one step. */
const STOPPED = (SIGTRAP << 8) | 0x7f;

/** A libc over a fake machine, and what was left behind in it. */
export interface FakeLibc extends Libc {
  /** Descriptors that are open now. */
  readonly open: ReadonlySet<number>;
  /** Children that were made and not reaped. */
  readonly children: ReadonlySet<number>;
}

/** Makes a fake libc: memory is real, the kernel is what `machine` says. */
export function fakeLibc(machine: FakeMachine = {}): FakeLibc {
  const arch = machine.arch === "aarch64" ? aarch64() : x86_64;
  const layout = CALL_REGISTERS[arch.name];
  const names = new Map(Object.entries(arch.syscalls).map(([name, nr]) => [nr, name as SyscallName]));
  const buffer = new ArrayBuffer(1 << 20);
  const memory = new Memory(BASE, buffer);
  const files: Record<string, string | Uint8Array> = {
    "/proc/self/status": ROOT_STATUS,
    "/dev/null": "",
    ...machine.files,
  };
  const links: Record<string, string> = { "/proc/self/ns/user": "user:[4026531837]", ...machine.links };
  const open = new Set<number>();
  const children = new Set<number>();
  const readers = new Map<number, { bytes: Uint8Array; at: number }>();
  const paths = new Map<number, string>();
  let nextMapping = 0x7f0000000000;
  let registers = new Uint8Array(arch.registersSize);
  const killed = new Set<number>();
  let status = STOPPED;
  let pipe = 0;
  let exitCode: number | undefined;

  const path = (at: number) => {
    let end = at;
    while (memory.u8(end) !== 0) end++;
    return memory.text(at, end - at);
  };
  const replyOrNull = (value: Reply, call: Call): number | null => {
    const answer = typeof value === "function" ? value(call) : value;
    return typeof answer === "string" ? -errnoNumber(answer) : answer;
  };
  const reply = (value: Reply, call: Call): number => replyOrNull(value, call) ?? 0;
  // The lowest that is free, as the kernel gives them.
  const newFd = () => {
    let fd = 3;
    while (open.has(fd)) fd++;
    open.add(fd);
    return fd;
  };
  const openFile = (name: string): number => {
    const content = files[name];
    if (content === undefined) return -errnoNumber("ENOENT");
    if (typeof content === "string" && content.startsWith("!")) return -errnoNumber(content.slice(1));
    const fd = newFd();
    paths.set(fd, name);
    readers.set(fd, { bytes: typeof content === "string" ? new TextEncoder().encode(content) : content, at: 0 });
    return fd;
  };

  const kernel: Partial<Record<SyscallName, (call: Call) => number>> = {
    openat: ({ args }) => openFile(path(args[1]!)),
    read({ args: [fd, at, size] }) {
      const reader = readers.get(fd!);
      if (!reader) return -errnoNumber("EBADF");
      const part = reader.bytes.subarray(reader.at, reader.at + size!);
      reader.at += part.length;
      memory.write(at!, part);
      return part.length;
    },
    readlinkat({ args: [, name, at, size] }) {
      const target = links[path(name!)];
      if (target === undefined) return -errnoNumber("ENOENT");
      const bytes = new TextEncoder().encode(target).subarray(0, size);
      memory.write(at!, bytes);
      return bytes.length;
    },
    faccessat: ({ args }) => path(args[1]!) in files ? 0 : -errnoNumber("ENOENT"),
    close({ args }) {
      return open.delete(args[0]!) ? 0 : -errnoNumber("EBADF");
    },
    pipe2({ args }) {
      memory.setI32(args[0]!, pipe = newFd());
      memory.setI32(args[0]! + 4, newFd());
      return 0;
    },
    // What lies below /proc is procfs, unless a test says otherwise.
    fstatfs({ args: [fd, at] }) {
      memory.setU64(at!, paths.get(fd!)?.startsWith("/proc") ? PROC_SUPER_MAGIC : 0);
      return 0;
    },
    mmap({ args }) {
      nextMapping += args[1]!;
      return nextMapping - args[1]!;
    },
    getpid: ({ child }) => child ? CHILD_PID : OWN_PID,
    wait4({ args: [pid, at] }) {
      if (!children.has(pid!)) return -errnoNumber("ECHILD");
      memory.setI32(at!, killed.has(pid!) ? SIGKILL : status);
      if (killed.has(pid!) || (status & 0x7f) !== 0x7f) children.delete(pid!);
      return pid!;
    },
    // A file of root's that nobody else may write.
    statx({ args }) {
      if (!(path(args[1]!) in files)) return -errnoNumber("ENOENT");
      memory.setU32(args[4]!, 0x7ff); // STATX_BASIC_STATS
      memory.setU16(args[4]! + 28, 0o100755);
      return 0;
    },
    execve({ args }) {
      const program = machine.programs?.[path(args[0]!)];
      if (!program) return -errnoNumber("ENOENT");
      readers.set(pipe, { bytes: new TextEncoder().encode(program.output ?? ""), at: 0 });
      exitCode = program.code ?? 0;
      return 0;
    },
    kill({ args: [pid, signal] }) {
      if (signal === SIGKILL) killed.add(pid!);
      return 0;
    },
    ptrace(call) {
      const [request, , address, data] = call.args as [number, number, number, number];
      const own = machine.ptrace?.[request];
      if (own !== undefined) return reply(own, call);
      if (request === PTRACE_GETREGSET) memory.write(Number(memory.u64(data)), registers);
      if (request === PTRACE_SETREGSET) {
        registers = memory.bytes(Number(memory.u64(data)), arch.registersSize).slice();
      }
      // The child is a copy of this memory: what it would see at an address is what stands there.
      if (request === PTRACE_PEEKDATA && address >= BASE) memory.setU64(data, memory.u64(address));
      if (request === PTRACE_CONT) status = exitCode === undefined ? nextStatus() : exitCode << 8;
      if (request === PTRACE_SINGLESTEP) step();
      return 0;
    },
  };
  let resumed = 0;
  const nextStatus = () =>
    (typeof machine.resumed === "number" ? machine.resumed : machine.resumed?.[resumed++]) ?? STOPPED;
  const step = () => {
    const view = new DataView(registers.buffer);
    const number = (offset: number) => Number(view.getBigInt64(offset, true));
    if (number(layout.next) === SYMBOL) return stepCompat(view);
    const name = names.get(number(layout.number))!;
    const args = layout.args.map(number);
    const before = new Set(open);
    const result = dispatch(name, args, true);
    view.setBigInt64(layout.result, BigInt(result), true);
    view.setBigInt64(layout.next, BigInt(number(layout.next) + arch.syscallInstruction.length), true);
    if (name === "clone" && result > 0) children.add(result);
    // A descriptor of the child ends with it; what is said of it stays readable under its number.
    for (const fd of open) if (!before.has(fd)) open.delete(fd);
  };
  /** The child executes what was written over a function of libc. */
  const stepCompat = (view: DataView) => {
    const answer = machine.compat ?? "ENOSYS";
    if (typeof answer === "object") status = (answer.signal << 8) | 0x7f;
    else view.setBigInt64(80, BigInt(reply(answer, { args: [], memory, child: true })), true);
  };
  const dispatch = (name: SyscallName, args: readonly number[], child: boolean): number => {
    const call = { args, memory, child };
    const own = machine.calls?.[name];
    const answer = own === undefined ? null : replyOrNull(own, call);
    if (answer !== null) return answer;
    const builtIn = kernel[name];
    if (builtIn) return builtIn(call);
    return HARMLESS.includes(name) ? 0 : -errnoNumber("ENOSYS");
  };

  return {
    arch,
    memory,
    open,
    children,
    syscall: (name, ...args) => dispatch(name, args, false),
    cloneSleeper() {
      const result = reply(machine.clone ?? CHILD_PID, { args: [], memory, child: false });
      if (result > 0) {
        children.add(result);
        killed.delete(result);
        status = STOPPED;
        exitCode = undefined;
      }
      return result;
    },
    poll: (at, count, timeoutMs) => Promise.resolve(dispatch("ppoll", [at, count, timeoutMs], false)),
    symbol: () => SYMBOL,
    code: () => new Uint8Array(layout.code),
    pageSize: () => machine.page ?? 4096,
    getenv: (name) => machine.environment?.[name],
  };
}
