import assert from "node:assert/strict";
import type { SyscallName } from "../../ffi/arch/arch.ts";
import { Fd } from "../../ffi/fd.ts";
import type { Sys } from "../../ffi/sys.ts";
import { O_PATH, O_RDWR } from "../../ffi/uapi.ts";
import { judgeDescriptors } from "../../inspect/judges/descriptors.ts";
import { judgeLocks } from "../../inspect/judges/locks.ts";
import { judgePassed } from "../../inspect/judges/passed.ts";
import { judgeTerminals } from "../../inspect/judges/terminals.ts";
import type { Obstacle } from "../../inspect/obstacle.ts";
import { openFilesOf } from "../../inspect/open_files.ts";
import { Report } from "../../inspect/report.ts";
import type { Tree } from "../../inspect/tree.ts";
import { type Facts, fakeTree } from "../unit/inspect/fake_tree.ts";

const O_DIRECT = Deno.build.arch === "aarch64" ? 0o200000 : 0o40000;
const AF_UNIX = 1, SOCK_STREAM = 1;

/** Makes descriptors in this process, and gives what the judges say of them. */
class Scene implements Disposable {
  readonly #tree: Tree;
  readonly #made: Fd[] = [];
  readonly sys: Sys;
  readonly #mark: number;
  constructor(facts: Facts = {}) {
    this.#tree = fakeTree(facts);
    this.sys = this.#tree.around.sys;
    this.#mark = this.sys.memory.mark();
  }

  make(name: SyscallName, ...args: number[]): number {
    const fd = new Fd(this.sys, this.sys.call(name, ...args));
    this.#made.push(fd);
    return fd.number;
  }

  open(path: string, flags = O_RDWR): number {
    const fd = this.sys.open(path, flags);
    this.#made.push(fd);
    return fd.number;
  }

  pair(name: "pipe2" | "socketpair", ...args: number[]): [number, number] {
    const at = this.sys.memory.alloc(8);
    this.sys.call(name, ...(name === "pipe2" ? [at, ...args] : [...args, at]));
    const pair = [new Fd(this.sys, this.sys.memory.i32(at)), new Fd(this.sys, this.sys.memory.i32(at + 4))] as const;
    this.#made.push(...pair);
    return [pair[0].number, pair[1].number];
  }

  text(text: string): number {
    return this.sys.memory.cstring(text);
  }

  close(fd: number): void {
    this.#made.find(({ number }) => number === fd)![Symbol.dispose]();
  }

  /** What stands in the way of one descriptor. */
  of(fd: number, judge = judgeDescriptors): Obstacle[] {
    const report = new Report(this.#tree);
    judge(this.#tree, report);
    return report.obstacles.filter(({ subject }) => subject === `fd ${fd}`);
  }

  rules(fd: number, judge = judgeDescriptors): string[] {
    return this.of(fd, judge).map(({ rule, effect }) => `${rule} ${effect}`);
  }

  passed(fd: number, count: number): string[] {
    const report = new Report(this.#tree);
    const file = openFilesOf(this.#tree).all.find((one) => one.fd === fd)!;
    judgePassed(this.#tree, report, file, count);
    return report.obstacles.map(({ rule, effect }) => `${rule} ${effect}`);
  }

  [Symbol.dispose](): void {
    for (const fd of this.#made) fd[Symbol.dispose]();
    this.sys.memory.release(this.#mark);
    this.#tree[Symbol.dispose]();
  }
}

Deno.test("event counters, signals and timers of common clocks are kept", () => {
  using scene = new Scene();
  const made = [
    scene.make("eventfd2", 3, 0),
    scene.make("timerfd_create", 1, 0),
    scene.make("epoll_create1", 0),
    scene.make("memfd_create", scene.text("name"), 0),
    scene.make("inotify_init1", 0),
    scene.make("pidfd_open", Deno.pid, 0),
    scene.open("/dev/null"),
  ];
  for (const fd of made) assert.deepEqual(scene.rules(fd), [], `descriptor ${fd}`);
});

Deno.test("a semaphore comes back as a counter", () => {
  using scene = new Scene();
  const fd = scene.make("eventfd2", 3, 1);
  const told = Deno.readTextFileSync(`/proc/self/fdinfo/${fd}`).includes("eventfd-semaphore:");
  assert.deepEqual(scene.rules(fd), told ? ["fd-eventfd LOST"] : []);
});

Deno.test("a pidfd of another process is refused", () => {
  using scene = new Scene();
  const fd = scene.make("pidfd_open", Deno.ppid, 0);
  const [obstacle] = scene.of(fd);
  assert.equal(obstacle?.rule, "fd-pidfd-foreign");
  assert.equal(obstacle?.message, `pidfd pid ${Deno.ppid} is not a part of process tree..`);
});

Deno.test("an epoll target that is open under another number needs a feature, one that is gone is refused", () => {
  using scene = new Scene();
  const epoll = scene.make("epoll_create1", 0);
  const target = scene.make("eventfd2", 0, 0);
  const event = scene.sys.memory.alloc(16);
  scene.sys.memory.setU32(event, 1);
  scene.sys.call("epoll_ctl", epoll, 1, target, event);
  assert.deepEqual(scene.rules(epoll), []);
  const copy = scene.make("dup", target);
  scene.close(target);
  using moved = new Scene();
  assert.deepEqual(moved.rules(epoll), ["fd-eventpoll-escaped NEEDS_FEATURE"]);
  void copy;
});

Deno.test("packets are refused, and a plain pipe is not", () => {
  using scene = new Scene();
  // The flag is one of the writing end.
  const [, packets] = scene.pair("pipe2", O_DIRECT);
  const [reads, writes] = scene.pair("pipe2", 0);
  assert.deepEqual(scene.rules(packets), ["fd-pipe-packet REFUSED"]);
  assert.deepEqual([...scene.rules(reads), ...scene.rules(writes)], []);
});

Deno.test("one end of a pipe alone is nothing, as long as nobody else has the other", () => {
  using scene = new Scene();
  const [reads, writes] = scene.pair("pipe2", 0);
  scene.close(writes);
  assert.deepEqual(scene.rules(reads), []);
});

Deno.test("watches are found again by their handle", async () => {
  const folder = await Deno.makeTempDir({ prefix: "cready-watch-" });
  try {
    using scene = new Scene();
    const fd = scene.make("inotify_init1", 0);
    scene.sys.call("inotify_add_watch", fd, scene.text("/dev"), 0x100);
    assert.deepEqual(scene.rules(fd), []);
    scene.sys.call("inotify_add_watch", fd, scene.text("/proc/self"), 0x100);
    using later = new Scene();
    assert.deepEqual(later.rules(fd), ["fd-inotify-handle REFUSED"]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("events that nobody has read are lost", async () => {
  const folder = await Deno.makeTempDir({ prefix: "cready-watch-", dir: "/dev/shm" });
  try {
    using scene = new Scene();
    const fd = scene.make("inotify_init1", 0);
    scene.sys.call("inotify_add_watch", fd, scene.text(folder), 0x100);
    assert.deepEqual(scene.rules(fd), []);
    Deno.writeTextFileSync(`${folder}/new`, "");
    assert.deepEqual(scene.rules(fd), ["fd-inotify LOST"]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("the node of a socket is taken for a socket", async () => {
  const folder = await Deno.makeTempDir({ prefix: "cready-node-" });
  const listener = Deno.listen({ transport: "unix", path: `${folder}/s` });
  try {
    using scene = new Scene();
    const fd = scene.open(`${folder}/s`, O_PATH);
    const [obstacle] = scene.of(fd);
    assert.equal(obstacle?.rule, "fd-opath-socket");
    assert.equal(obstacle?.message, "Can't get 1:39 opt: Bad file descriptor");
  } finally {
    listener.close();
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("locks are seen at the descriptor that holds them, and nowhere else", async () => {
  const folder = await Deno.makeTempDir({ prefix: "cready-lock-" });
  try {
    Deno.writeTextFileSync(`${folder}/f`, "x");
    using scene = new Scene();
    const locked = scene.open(`${folder}/f`), other = scene.open(`${folder}/f`);
    scene.sys.call("flock", locked, 2);
    const [obstacle] = scene.of(locked, judgeLocks);
    assert.equal(obstacle?.rule, "lock-any");
    assert.deepEqual(obstacle?.options, ["--file-locks"]);
    assert.deepEqual(scene.rules(other, judgeLocks), []);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("a pair of terminals is complete, and one half alone is not", () => {
  using scene = new Scene();
  const master = scene.open("/dev/ptmx");
  const at = scene.sys.memory.alloc(4);
  scene.sys.call("ioctl", master, 0x40045431, /* TIOCSPTLCK */ at);
  const slave = scene.make("ioctl", master, 0x5441, /* TIOCGPTPEER */ O_RDWR);
  assert.deepEqual([...scene.rules(master, judgeTerminals), ...scene.rules(slave, judgeTerminals)], []);
  scene.close(master);
  // It has hung up, which criu keeps.
  using later = new Scene();
  assert.deepEqual(later.rules(slave, judgeTerminals), []);
});

Deno.test("descriptors in a queue are judged, too", () => {
  using scene = new Scene();
  const [one, other] = scene.pair("socketpair", AF_UNIX, SOCK_STREAM, 0);
  send(scene.sys, one, scene.make("pidfd_open", Deno.ppid, 0));
  assert.deepEqual(scene.passed(other, 1), ["fd-pidfd-foreign REFUSED"]);
  assert.deepEqual(scene.passed(other, 2), ["fd-pidfd-foreign REFUSED", "unix-queue-rights UNKNOWN"]);
});

/** sendmsg(2) of one byte and a descriptor. */
function send(sys: Sys, socket: number, fd: number): void {
  const { memory } = sys;
  const data = memory.alloc(8), iov = memory.alloc(16), control = memory.alloc(24), header = memory.alloc(56);
  memory.setU64(iov, data);
  memory.setU64(iov + 8, 1);
  memory.setU64(control, 20);
  memory.setU32(control + 8, 1);
  memory.setU32(control + 12, 1);
  memory.setU32(control + 16, fd);
  memory.setU64(header + 16, iov);
  memory.setU64(header + 24, 1);
  memory.setU64(header + 32, control);
  memory.setU64(header + 40, 24);
  sys.call("sendmsg", socket, header, 0);
}
