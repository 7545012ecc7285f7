import type { Arch, SyscallName } from "./arch/arch.ts";
import { errnoName, SysError } from "./errno.ts";
import { Fd } from "./fd.ts";
import type { Libc, SmallCall } from "./libc.ts";
import type { Memory } from "./memory.ts";
import { AT_FDCWD, O_CLOEXEC, O_NONBLOCK, O_RDONLY } from "./uapi.ts";

/** One call that decided something, and what it answered. */
export interface Evidence {
  /** The call as a person would write it, such as `kcmp(self, self, KCMP_VM)`. */
  readonly call: string;
  /** The value, or the errno's name. */
  readonly answer: string;
  /** The errno's name where the call failed. */
  readonly errno: string | null;
}

/** How a system call is made: by this process, or injected into a child. Returns a value or -errno. */
export type Invoke = (name: SyscallName, args: readonly number[]) => number;

/**
 * System calls with names, errors and a memory of what was asked.
 *
 * `try` returns -errno, `call` throws a `SysError`, `ask` throws too and keeps the call as evidence: it is
 * for the calls that answer the question, the others only make the situation.
 */
export class Sys {
  readonly #invoke: Invoke;
  /** Children that were killed, and whose remains `reapAll` (subject.ts) takes away. */
  readonly dying = new Set<number>();
  /** What was begun only to save time, such as children: given up where it stands in the way. */
  readonly spare: Disposable[] = [];
  /** Descriptors to be closed when the next child has them too: their last close waits, and then the child's end does. */
  readonly closing: Fd[] = [];
  /** No wait lasts longer than this moment, as performance.now() counts. */
  until = Infinity;
  constructor(
    readonly libc: Libc,
    /** Receives the evidence. */
    readonly trail: Evidence[],
    invoke?: Invoke,
  ) {
    this.#direct = invoke === undefined;
    this.#invoke = invoke ?? ((name, args) => libc.syscall(name, ...args));
  }

  readonly #direct: boolean;
  /** One system call for a loop, as Libc.small has it. */
  small(name: SyscallName): SmallCall {
    const fast = this.#direct ? this.libc.small?.(name) : undefined;
    return fast ?? ((a, b, c, d, e = 0) => this.#invoke(name, [a, b, c, d, e]));
  }

  get arch(): Arch {
    return this.libc.arch;
  }

  get memory(): Memory {
    return this.libc.memory;
  }

  /** Bytes of a page of memory. */
  get page(): number {
    return this.libc.arch.pageSize ?? this.libc.pageSize();
  }

  /** Makes a call; a failure is returned as -errno. */
  try(name: SyscallName, ...args: number[]): number {
    return this.#invoke(name, args);
  }

  /** Makes a call that must succeed; `SysError` otherwise, naming the call. */
  call(name: SyscallName, ...args: number[]): number {
    const result = this.#invoke(name, args);
    if (result < 0) throw new SysError(`${name}()`, -result);
    return result;
  }

  /**
   * Makes the call that `text` describes, such as `prctl(PR_SET_MM, PR_SET_MM_MAP_SIZE)`: the word before
   * the parenthesis is the system call. Keeps it as evidence.
   */
  ask(text: string, ...args: number[]): number {
    const result = this.look(text, ...args);
    if (result < 0) throw new SysError(text, -result);
    return result;
  }

  /** As `ask`, for a call of which a failure is an answer: returns -errno. */
  look(text: string, ...args: number[]): number {
    const name = text.slice(0, text.indexOf("(")) as SyscallName;
    const result = this.#invoke(name, args);
    this.note(text, result < 0 ? errnoName(-result) : String(result), result < 0 ? errnoName(-result) : null);
    return result;
  }

  /** Adds evidence that is not a plain call, such as a line found in a file. */
  note(call: string, answer: string, errno: string | null = null): void {
    this.trail.push({ call, answer, errno });
  }

  /** Opens a file; never blocks on a device or a FIFO. The error names the path. */
  open(path: string, flags = O_RDONLY, text = `open(${path})`): Fd {
    const mark = this.memory.mark();
    const at = this.memory.cstring(path);
    const result = this.#invoke("openat", [AT_FDCWD, at, flags | O_CLOEXEC | O_NONBLOCK, 0]);
    this.memory.release(mark);
    if (result < 0) throw new SysError(text, -result);
    return new Fd(this, result);
  }

  /** Owns the descriptor that a call returned; throws its error. `text` is described as in `ask`. */
  fd(text: string, ...args: number[]): Fd {
    const name = text.slice(0, text.indexOf("(")) as SyscallName;
    const result = this.#invoke(name, args);
    if (result < 0) throw new SysError(text, -result);
    return new Fd(this, result);
  }

  /** A pipe: its reading and its writing end. */
  pipe(): [Fd, Fd] {
    const pair = this.memory.alloc(8);
    this.call("pipe2", pair, O_CLOEXEC | O_NONBLOCK);
    return [new Fd(this, this.memory.i32(pair)), new Fd(this, this.memory.i32(pair + 4))];
  }

  /** Maps memory; returns its address. `text` names it in an error. */
  mmap(size: number, prot: number, flags: number, fd = -1, address = 0): number {
    return this.call("mmap", address, size, prot, flags, fd, 0);
  }
}
