import type { Arch, SyscallName } from "./arch/arch.ts";
import { hostArch } from "./arch/host.ts";
import { SysError } from "./errno.ts";
import { withholdHeap } from "./heap.ts";
import { Memory } from "./memory.ts";

/** What nearly every run needs, opened at once: a library opened a second time costs half a millisecond more. */
const CORE = {
  // long syscall(long number, ...); the variadic arguments travel in the same registers as named ones
  syscall: { parameters: ["i64", "i64", "i64", "i64", "i64", "i64", "i64"], result: "i64" },
  // The addresses of functions that are called seldom or never: making one callable by its name costs 0.1 ms.
  __errno_location: { type: "pointer" },
  clone: { type: "pointer" },
  abs: { type: "pointer" },
  sleep: { type: "pointer" },
  address: { name: "syscall", type: "pointer" },
} as const satisfies Deno.ForeignLibraryInterface;

// int *__errno_location(void)
const ERRNO = { parameters: [], result: "pointer" } as const satisfies Deno.ForeignFunction;
// int clone(int (*fn)(void *), void *stack, int flags, void *arg, ...)
const CLONE = { parameters: ["pointer", "i64", "i32", "i64"], result: "i32" } as const satisfies Deno.ForeignFunction;

/** Opened when it is first used. */
const SMALL = {
  // The same as syscall for calls whose value fits into 32 bits: no bigint has to be made for it.
  syscall: { parameters: ["i64", "i64", "i64", "i64", "i64", "i64", "i64"], result: "i32" },
} as const satisfies Deno.ForeignLibraryInterface;

/** Opened when it is first used. */
const LOOKUP = {
  // void *dlsym(void *handle, const char *symbol); handle NULL is RTLD_DEFAULT
  dlsym: { parameters: ["i64", "buffer"], result: "pointer" },
} as const satisfies Deno.ForeignLibraryInterface;

/** Opened when it is first used. */
const ENVIRONMENT = {
  // char *getenv(const char *name)
  getenv: { parameters: ["buffer"], result: "pointer" },
} as const satisfies Deno.ForeignLibraryInterface;

/** Opened when it is first used. */
const AUXILIARY = {
  // unsigned long getauxval(unsigned long type)
  getauxval: { parameters: ["u64"], result: "u64" },
} as const satisfies Deno.ForeignLibraryInterface;
const AT_PAGESZ = 6n;

/** Opened when it is first used. */
const WAITING = {
  // int poll(struct pollfd *fds, nfds_t nfds, int timeout); on another thread, so its errno cannot be had
  poll: { parameters: ["u64", "u64", "i32"], result: "i32", nonblocking: true },
} as const satisfies Deno.ForeignLibraryInterface;

const SCRATCH_BYTES = 1 << 20;
const STACK_BYTES = 1 << 16;
const SIGCHLD = 17;
/** A child whose parent dies before it takes hold of it ends by itself after so many seconds. */
const CHILD_SECONDS = 5;

/**
 * The machine below cready: system calls by name, scratch memory, and a way to make a child that runs
 * nothing but libc. The real one is `openLibc()`; tests hand in a fake.
 */
export interface Libc {
  readonly arch: Arch;
  readonly memory: Memory;
  /** Makes one system call; returns its value, or -errno. ENOSYS where the architecture has no such call. */
  syscall(name: SyscallName, ...args: number[]): number;
  /**
   * One system call for a loop, more than twice as fast as `syscall`: only for calls whose value fits into 32 bits. A
   * fake may leave it out.
   */
  small?(name: SyscallName): SmallCall;
  /**
   * Clones a child that runs libc's `sleep(5)` on a stack of its own; `flags` are CLONE_* without CLONE_VM.
   * Returns its pid, or -errno (clone(2)).
   */
  cloneSleeper(flags: number): number;
  /** Waits for descriptors on another thread (poll(2)); -1 for an error, which has no errno. */
  poll(at: number, count: number, timeoutMs: number): Promise<number>;
  /** The address of a libc function in this process, and so in a child. */
  symbol(name: string): number;
  /** A copy of `size` bytes of this process's own code at `address`. */
  code(address: number, size: number): Uint8Array;
  /** Bytes of a page (getauxval(3), AT_PAGESZ); asked for where the architecture does not tell. */
  pageSize(): number;
  /** A variable of the environment (getenv(3)); undefined when it is not set. */
  getenv(name: string): string | undefined;
}

/** A system call with its arguments; returns its value, or -errno. */
export type SmallCall = (a: number, b: number, c: number, d: number, e?: number) => number;

const cstring = (text: string) => new TextEncoder().encode(text + "\0");

/** A function that is called by its address. */
function callable<F extends Deno.ForeignFunction>(pointer: Deno.PointerValue, definition: F): Deno.UnsafeFnPointer<F> {
  if (!pointer) throw new Error("Cannot find a function in libc");
  return new Deno.UnsafeFnPointer<F>(pointer as never, definition);
}

/** Opens libc of this process. Costs about 1 ms; nothing is opened before it is called. */
export function openLibc(): Libc {
  const arch = hostArch();
  const { symbols: core } = Deno.dlopen("libc.so.6", CORE);
  // Numbers are accepted where TypeScript asks for a bigint; the 64 bits are the same and it is three times as fast.
  const raw = core.syscall as unknown as (...args: number[]) => bigint;
  const errnoPointer = callable(core.__errno_location, ERRNO).call();
  if (!errnoPointer) throw new Error("Cannot find errno: __errno_location returned NULL");
  // The location belongs to this thread and stays; it is only right after synchronous calls.
  const errno = new Deno.UnsafePointerView(errnoPointer);

  const invoke = (nr: number, args: number[]): number => {
    const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0] = args;
    const result = Number(raw(nr, a, b, c, d, e, f));
    return result === -1 ? -errno.getInt32() : result;
  };

  const PROT_READ_WRITE = 3, MAP_PRIVATE_ANONYMOUS = 0x22;
  const map = (size: number): number => {
    const address = invoke(arch.syscalls.mmap!, [0, size, PROT_READ_WRITE, MAP_PRIVATE_ANONYMOUS, -1, 0]);
    if (address < 0) throw new SysError("mmap", -address);
    return address;
  };
  const base = map(SCRATCH_BYTES);
  const pointer = Deno.UnsafePointer.create(BigInt(base));
  if (!pointer) throw new Error("Cannot use the scratch memory: mmap returned NULL");
  const memory = new Memory(base, Deno.UnsafePointerView.getArrayBuffer(pointer, SCRATCH_BYTES));

  let clone: Deno.UnsafeFnPointer<typeof CLONE> | undefined;
  let stack = 0;
  let small: ((...args: number[]) => number) | undefined;
  let environment: Deno.DynamicLibrary<typeof ENVIRONMENT> | undefined;
  let lookup: Deno.DynamicLibrary<typeof LOOKUP> | undefined;
  let waiting: Deno.DynamicLibrary<typeof WAITING> | undefined;
  let page = 0;
  const find = (name: string): Deno.PointerValue => {
    if (name === "syscall") return core.address;
    if (name === "sleep" || name === "abs") return core[name];
    lookup ??= Deno.dlopen("libc.so.6", LOOKUP);
    return lookup.symbols.dlsym(0n, cstring(name));
  };

  const libc: Libc = {
    arch,
    memory,
    syscall(name, ...args) {
      const nr = arch.syscalls[name];
      return nr === undefined ? -38 /* ENOSYS */ : invoke(nr, args);
    },
    small(name) {
      const nr = arch.syscalls[name];
      const call = small ??= Deno.dlopen("libc.so.6", SMALL).symbols.syscall as unknown as typeof small & object;
      if (nr === undefined) return () => -38 /* ENOSYS */;
      return (a, b, c, d, e = 0) => {
        const result = call(nr, a, b, c, d, e, 0);
        return result === -1 ? -errno.getInt32() : result;
      };
    },
    cloneSleeper(flags) {
      if (!stack) {
        stack = map(STACK_BYTES) + STACK_BYTES;
        withholdHeap(libc, [base, stack - STACK_BYTES, Number(Deno.UnsafePointer.value(errnoPointer))]);
      }
      clone ??= callable(core.clone, CLONE);
      const pid = clone.call(core.sleep, BigInt(stack), flags | SIGCHLD, BigInt(CHILD_SECONDS));
      return pid < 0 ? -errno.getInt32() : pid;
    },
    poll(at, count, timeoutMs) {
      waiting ??= Deno.dlopen("libc.so.6", WAITING);
      return waiting.symbols.poll(BigInt(at), BigInt(count), timeoutMs);
    },
    symbol(name) {
      const found = find(name);
      if (!found) throw new Error(`Cannot find ${name} in libc`);
      return Number(Deno.UnsafePointer.value(found));
    },
    code(address, size) {
      const at = Deno.UnsafePointer.create(BigInt(address));
      return at ? new Uint8Array(Deno.UnsafePointerView.getArrayBuffer(at, size)).slice() : new Uint8Array();
    },
    pageSize: () => page ||= Number(Deno.dlopen("libc.so.6", AUXILIARY).symbols.getauxval(AT_PAGESZ)),
    getenv(name) {
      environment ??= Deno.dlopen("libc.so.6", ENVIRONMENT);
      const value = environment.symbols.getenv(cstring(name));
      return value ? new Deno.UnsafePointerView(value).getCString() : undefined;
    },
  };
  return libc;
}
