import { SysError, TimeoutError } from "./errno.ts";
import { Fd } from "./fd.ts";
import { Sys } from "./sys.ts";
import type { SyscallName } from "./arch/arch.ts";
import {
  CLONE_PARENT,
  CLONE_VM,
  NT_PRSTATUS,
  PTRACE_CONT,
  PTRACE_EVENT_CLONE,
  PTRACE_EVENT_EXEC,
  PTRACE_GETREGSET,
  PTRACE_INTERRUPT,
  PTRACE_O_EXITKILL,
  PTRACE_PEEKDATA,
  PTRACE_POKEDATA,
  PTRACE_SEIZE,
  PTRACE_SETREGSET,
  PTRACE_SINGLESTEP,
  SIGKILL,
  SIGTRAP,
} from "./uapi.ts";
import { DEADLINE_MS, type Status, waitFor, waitNow } from "./wait.ts";

/** How long a killed child may take to disappear, in milliseconds. */
const REAP_MS = 1000;

/** What a child is made with. */
export interface SubjectOptions {
  /** CLONE_NEW* flags for clone(2). */
  readonly cloneFlags?: number;
  /** The flags by their names, for the error of a refused clone, such as `CLONE_NEWNET`. */
  readonly cloneText?: string;
  /** PTRACE_O_* options beside PTRACE_O_EXITKILL. */
  readonly options?: number;
}

/**
 * A disposable child process that a probe may stop, unshare, remap and kill. It runs libc's sleep(3) and
 * what is injected into it, never JavaScript. It is traced from its first moment and dies with cready
 * (PTRACE_O_EXITKILL), or by itself after five seconds when cready dies before it is traced.
 *
 * All memory that the child shall see has to be cut from the scratch memory before it is started.
 */
export class Subject implements Disposable {
  /** System calls made by the child itself. After execve (PTRACE_O_TRACEEXEC is needed) it stands still as the program. */
  readonly sys: Sys;
  readonly #own: Sys;
  readonly #instruction: number;
  #alive = true;
  /** The registers as they were before the first injected call; undefined where the child has them. */
  #saved: Uint8Array | undefined;

  private constructor(own: Sys, readonly pid: number, instruction: number) {
    this.#own = own;
    this.#instruction = instruction;
    this.sys = new Sys(own.libc, own.trail, (name, args) => this.#inject(name, args));
  }

  /** Makes a child and stops it. Throws `SysError` when clone or ptrace is refused. */
  static start(own: Sys, options: SubjectOptions = {}): Subject {
    const instruction = syscallInstruction(own);
    let pid = own.libc.cloneSleeper(options.cloneFlags ?? 0);
    if (pid === -11 /* EAGAIN */ && own.dying.size + own.spare.length > 0) {
      // Those that were killed and not taken away yet count for the limit of tasks, and those that nobody needs.
      giveUpSpare(own);
      reapAll(own);
      pid = own.libc.cloneSleeper(options.cloneFlags ?? 0);
    }
    if (pid < 0) throw new SysError(`clone(${options.cloneText ?? "SIGCHLD"})`, -pid);
    const subject = new Subject(own, pid, instruction);
    try {
      const seized = own.try("ptrace", PTRACE_SEIZE, pid, 0, PTRACE_O_EXITKILL | (options.options ?? 0));
      if (seized < 0) throw new SysError("ptrace(PTRACE_SEIZE, child)", -seized);
      own.call("ptrace", PTRACE_INTERRUPT, pid, 0, 0);
      subject.wait("stop of a traced child");
      closeAll(own);
      return subject;
    } catch (error) {
      subject[Symbol.dispose]();
      throw error;
    }
  }

  /** Makes one ptrace request on the child and keeps it as evidence; throws `SysError`. */
  ask(text: string, request: number, address: number, data: number): number {
    return this.#own.ask(`ptrace(${text})`, request, this.pid, address, data);
  }

  /** As `ask`, but a failure is returned as -errno. */
  look(text: string, request: number, address: number, data: number): number {
    return this.#own.look(`ptrace(${text})`, request, this.pid, address, data);
  }

  /** Makes one ptrace request on the child that belongs to the situation, not to the answer. */
  ptrace(request: number, address: number, data: number): number {
    return this.#own.call("ptrace", request, this.pid, address, data);
  }

  /** Waits for the child's next change of state; after the deadline it is killed and `TimeoutError` thrown. */
  wait(text: string, deadlineMs = DEADLINE_MS): Status {
    try {
      const status = waitFor(this.#own, this.pid, text, deadlineMs);
      // Its remains are taken away: the pid may soon be another's.
      if (status.kind !== "stopped") this.#alive = false;
      return status;
    } catch (error) {
      if (error instanceof TimeoutError) this[Symbol.dispose]();
      throw error;
    }
  }

  /** The child's next change of state, if there is one already. */
  poll(): Status | null {
    const status = waitNow(this.#own, this.pid);
    if (status && status.kind !== "stopped") this.#alive = false;
    return status;
  }

  /** Lets the child run on, delivering `signal` when it is not 0. */
  resume(signal = 0): void {
    this.#restore();
    this.ptrace(PTRACE_CONT, 0, signal);
  }

  /** Lets the stopped child go on at `address` as if the function there were called, and waits for its next stop. */
  jump(address: number, text: string): Status {
    this.#restore();
    const { view } = this.#registers();
    this.#own.arch.prepareJump(view, address);
    this.#setRegisters(view);
    this.resume();
    return this.wait(text);
  }

  /** Lets the child make one system call and run on behind it; waits for its next stop, or its end. */
  launch(name: SyscallName, args: readonly number[], text: string, deadlineMs = DEADLINE_MS): Status {
    this.#restore();
    const { view } = this.#registers();
    this.#own.arch.prepareSyscall(view, this.#instruction, this.#number(name), args);
    this.#setRegisters(view);
    this.resume();
    return this.wait(text, deadlineMs);
  }

  /** Lets the child begin a system call for which nobody waits; the child is of no other use from then on. */
  begin(name: SyscallName, args: readonly number[]): void {
    this.#restore();
    const { view } = this.#registers();
    this.#own.arch.prepareSyscall(view, this.#instruction, this.#number(name), args);
    this.#setRegisters(view);
    this.ptrace(PTRACE_SINGLESTEP, 0, 0);
  }

  /**
   * Makes a second task that shares this child's memory, a child of cready's like it, stopped and traced; the child is
   * to be made with PTRACE_O_TRACECLONE. Throws `SysError`.
   */
  twin(): Subject {
    const pid = this.sys.call("clone", CLONE_PARENT | CLONE_VM, 0, 0, 0, 0);
    // Nothing is waited for or killed that is not ours: a seccomp filter can make any answer up. poll() throws then.
    if (pid <= 0) throw new SysError("clone()", 10 /* ECHILD */);
    const twin = new Subject(this.#own, pid, this.#instruction);
    if (!twin.poll()) twin.wait("stop of a traced task");
    return twin;
  }

  /** Makes one system call of the architecture's 32-bit ABI; returns its value, or -errno. Spoils libc's `sleep` there. */
  compatCall(number: number, args: readonly number[], text: string): number {
    const { compat } = this.#own.arch;
    if (!compat) return -38 /* ENOSYS */;
    const at = this.#own.libc.symbol("sleep");
    this.pokeWord(at, compat.instruction);
    return this.#step(text, (view) => compat.prepareSyscall(view, at, number, args), compat.syscallResult);
  }

  /** The address of the system call instruction by which the child makes its calls. */
  get callInstruction(): number {
    return this.#instruction;
  }

  /** The address that the stopped child executes next. */
  instructionPointer(): number {
    this.#restore();
    return this.#own.arch.instructionPointer(this.#registers().view);
  }

  /** Copies `size` bytes of the child's memory, rounded up to words of 8. */
  read(address: number, size: number): Uint8Array {
    const words = Math.ceil(size / 8);
    const at = this.#own.memory.alloc(words * 8);
    for (let i = 0; i < words; i++) this.ptrace(PTRACE_PEEKDATA, address + i * 8, at + i * 8);
    return this.#own.memory.bytes(at, size).slice();
  }

  /** Writes one word of 8 bytes into the child, read-only pages too. */
  pokeWord(address: number, word: number): void {
    this.ptrace(PTRACE_POKEDATA, address, word);
  }

  /** Owns a descriptor of the child; closing it is left to the child's end. */
  fd(number: number): Fd {
    return new Fd(this.sys, number);
  }

  /**
   * Kills the child. Its end may take the kernel a while (an AIO context 30 ms), so its remains are taken away by
   * `reapAll` when all is asked.
   */
  [Symbol.dispose](): void {
    if (!this.#alive) return;
    this.#alive = false;
    this.#own.try("kill", this.pid, SIGKILL);
    this.#own.dying.add(this.pid);
  }

  /** Room for the registers, and the struct iovec that describes it to ptrace. */
  #room(): { view: DataView; iov: number } {
    const { memory, arch } = this.#own;
    const at = memory.alloc(arch.registersSize);
    const iov = memory.alloc(16);
    memory.setU64(iov, at);
    memory.setU64(iov + 8, arch.registersSize);
    return { view: memory.view(at, arch.registersSize), iov };
  }

  #registers(): { view: DataView; iov: number } {
    const room = this.#room();
    this.ptrace(PTRACE_GETREGSET, NT_PRSTATUS, room.iov);
    return room;
  }

  #setRegisters(view: DataView): void {
    const { memory } = this.#own;
    const mark = memory.mark();
    const iov = memory.alloc(16);
    memory.setU64(iov, memory.base + view.byteOffset);
    memory.setU64(iov + 8, view.byteLength);
    this.ptrace(PTRACE_SETREGSET, NT_PRSTATUS, iov);
    memory.release(mark);
  }

  #number(name: SyscallName): number {
    const number = this.#own.arch.syscalls[name];
    if (number === undefined) throw new SysError(`${name}()`, 38 /* ENOSYS */);
    return number;
  }

  #inject(name: SyscallName, args: readonly number[]): number {
    const { arch } = this.#own;
    const number = arch.syscalls[name];
    if (number === undefined) return -38 /* ENOSYS */;
    return this.#step(
      `${name}()`,
      (view) => arch.prepareSyscall(view, this.#instruction, number, args),
      (view) => Number(arch.syscallResult(view)),
    );
  }

  /** Runs one instruction that enters the kernel. The registers are put back when the child is to run on by itself. */
  #step(text: string, prepare: (view: DataView) => void, result: (view: DataView) => number): number {
    const { memory, arch } = this.#own;
    const mark = memory.mark();
    try {
      const { view, iov } = this.#room();
      if (this.#saved) memory.write(memory.base + view.byteOffset, this.#saved);
      else {
        this.ptrace(PTRACE_GETREGSET, NT_PRSTATUS, iov);
        this.#saved = memory.bytes(memory.base + view.byteOffset, arch.registersSize).slice();
      }
      prepare(view);
      this.ptrace(PTRACE_SETREGSET, NT_PRSTATUS, iov);
      this.ptrace(PTRACE_SINGLESTEP, 0, 0);
      let status = this.wait(`${text} in a child`);
      // A task that the call makes is told of first (PTRACE_O_TRACECLONE); the call ends behind that.
      while (status.kind === "stopped" && status.event === PTRACE_EVENT_CLONE) {
        this.ptrace(PTRACE_SINGLESTEP, 0, 0);
        status = this.wait(`${text} in a child`);
      }
      if (status.kind !== "stopped" || status.signal !== SIGTRAP) throw new DeathError(text.split("(")[0]!, status);
      if (status.event === PTRACE_EVENT_EXEC) {
        // Another program: it has registers of its own.
        this.#saved = undefined;
        return 0;
      }
      this.ptrace(PTRACE_GETREGSET, NT_PRSTATUS, iov);
      return result(view);
    } finally {
      memory.release(mark);
    }
  }

  /** Gives the child back the registers that it had before calls were injected. */
  #restore(): void {
    const saved = this.#saved;
    if (!saved) return;
    this.#saved = undefined;
    const { memory } = this.#own;
    const mark = memory.mark();
    const { view, iov } = this.#room();
    memory.write(memory.base + view.byteOffset, saved);
    this.ptrace(PTRACE_SETREGSET, NT_PRSTATUS, iov);
    memory.release(mark);
  }
}

/** A child ended, or stopped otherwise than expected, while it made a call. */
export class DeathError extends Error {
  override readonly name = "DeathError";
  constructor(
    /** The call it made. */
    readonly call: string,
    readonly status: Status,
  ) {
    super(
      status.kind === "exited"
        ? `${call}() in a child: the child exited with ${status.code}`
        : `${call}() in a child: the child was ${status.kind} by signal ${status.signal}`,
    );
  }
}

/** Kills the child `pid` and takes its remains away; waits at most a second. */
export function reap(sys: Sys, pid: number): void {
  sys.try("kill", pid, SIGKILL);
  try {
    // A stop that was not collected yet may come first.
    while (waitFor(sys, pid, "end of a killed child", REAP_MS).kind === "stopped");
  } catch (error) {
    // ECHILD: it is gone. No answer in time: it hangs inside the kernel, and waiting longer would hang us too.
    if (!(error instanceof SysError) && !(error instanceof TimeoutError)) throw error;
  }
}

/** Closes what was left to be closed later. */
export function closeAll(sys: Sys): void {
  for (const fd of sys.closing.splice(0)) fd[Symbol.dispose]();
}

/** Ends what was begun only to save time. */
export function giveUpSpare(sys: Sys): void {
  for (const one of sys.spare.splice(0)) one[Symbol.dispose]();
}

/** Takes away the remains of all children that were killed; waits at most a second for each. */
export function reapAll(sys: Sys): void {
  for (const pid of sys.dying) reap(sys, pid);
  sys.dying.clear();
}

let instructionAt = 0;

/** The address of a system call instruction inside libc's `syscall`, found once. */
function syscallInstruction(own: Sys): number {
  if (instructionAt) return instructionAt;
  const start = own.libc.symbol("syscall");
  const { syscallInstruction: wanted, instructionAlignment } = own.arch;
  const code = own.libc.code(start, 64);
  for (let i = 0; i + wanted.length <= code.length; i += instructionAlignment) {
    if (wanted.every((byte, j) => code[i + j] === byte)) return instructionAt = start + i;
  }
  throw new Error("Cannot find a system call instruction in libc's syscall function");
}
