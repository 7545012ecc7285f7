import { SysError } from "./errno.ts";
import { Fd } from "./fd.ts";
import type { Sys } from "./sys.ts";

// sys/epoll.h
export const EPOLLIN = 1;
export const EPOLLOUT = 4;
export const EPOLLERR = 8;
export const EPOLLHUP = 0x10;
export const EPOLLRDHUP = 0x2000;
const EPOLL_CLOEXEC = 0o2000000;
const EPOLL_CTL_ADD = 1;
const EPOLL_CTL_DEL = 2;
const EPOLL_CTL_MOD = 3;

const WAIT = {
  // int epoll_wait(int epfd, struct epoll_event *events, int maxevents, int timeout), on a thread of its own
  epoll_wait: { parameters: ["i32", "i64", "i32", "i32"], result: "i32", nonblocking: true },
} as const satisfies Deno.ForeignLibraryInterface;

const EVENTS = 256;
/** The wait ends by itself after so long, so that `close` need not wake it. */
const TIMEOUT_MS = 200;

/** Told of what happened to a descriptor: EPOLLIN and its like. */
export type Ready = (events: number) => void;

/** Waits for many descriptors at once beside JavaScript's own events (epoll(7)). */
export class Poller {
  readonly #sys: Sys;
  readonly #failed: (error: unknown) => void;
  readonly #epoll: Fd;
  readonly #ready = new Map<number, Ready>();
  /** Room for the events, kept for good: the waiting thread writes there. */
  readonly #events: number;
  readonly #size: number;
  readonly #dataOffset: number;
  #closed = false;

  /** `failed` is told what a handler threw; the others go on. */
  constructor(sys: Sys, failed: (error: unknown) => void) {
    this.#sys = sys;
    this.#failed = failed;
    this.#epoll = new Fd(sys, sys.call("epoll_create1", EPOLL_CLOEXEC));
    ({ size: this.#size, dataOffset: this.#dataOffset } = sys.arch.epollEvent);
    this.#events = sys.memory.alloc(EVENTS * this.#size);
  }

  /** Watches a descriptor; `ready` is called for each of `events`, EPOLLERR and EPOLLHUP. */
  add(fd: number, events: number, ready: Ready): void {
    this.#control(EPOLL_CTL_ADD, fd, events);
    this.#ready.set(fd, ready);
  }

  /** Watches for other events from now on. */
  change(fd: number, events: number): void {
    this.#control(EPOLL_CTL_MOD, fd, events);
  }

  /** Watches no longer; call it before the descriptor is closed. */
  remove(fd: number): void {
    this.#ready.delete(fd);
    this.#control(EPOLL_CTL_DEL, fd, 0);
  }

  /** Tells of events until `close`. */
  async run(): Promise<void> {
    const { epoll_wait } = Deno.dlopen("libc.so.6", WAIT).symbols;
    const args = [this.#epoll.number, BigInt(this.#events), EVENTS, TIMEOUT_MS] as const;
    while (!this.#closed) this.#dispatch(await epoll_wait(...args));
    this.#epoll[Symbol.dispose]();
  }

  /** Ends `run`. */
  close(): void {
    this.#closed = true;
  }

  #dispatch(count: number): void {
    const { memory } = this.#sys;
    // They are copied first: a handler may make system calls. And one handler may close the descriptor of another, whose
    // number may be given to a new one before its turn comes.
    const happened: [fd: number, ready: Ready, events: number][] = [];
    for (let i = 0; i < count; i++) {
      const at = this.#events + i * this.#size;
      const fd = memory.i32(at + this.#dataOffset), ready = this.#ready.get(fd);
      if (ready) happened.push([fd, ready, memory.u32(at)]);
    }
    for (const [fd, ready, events] of happened) {
      if (this.#ready.get(fd) !== ready) continue;
      try {
        ready(events);
      } catch (error) {
        this.#failed(error);
      }
    }
  }

  #control(operation: number, fd: number, events: number): void {
    const { memory } = this.#sys;
    const mark = memory.mark();
    const at = memory.alloc(16);
    memory.setU32(at, events);
    memory.setI32(at + this.#dataOffset, fd);
    const result = this.#sys.try("epoll_ctl", this.#epoll.number, operation, fd, at);
    memory.release(mark);
    if (result < 0) throw new SysError("epoll_ctl()", -result);
  }
}
