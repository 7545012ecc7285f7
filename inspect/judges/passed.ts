import { Fd } from "../../ffi/fd.ts";
import type { Sys } from "../../ffi/sys.ts";
import { FdFolder } from "../../proc/fd_folder.ts";
import { ProcDir } from "../../proc/dir.ts";
import { S_IFCHR, S_IFMT } from "../../proc/statx.ts";
import { borrow, isRefused } from "../borrow.ts";
import { terminalDriver } from "../device_kind.ts";
import { OpenFile } from "../open_file.ts";
import type { Report, Reporter } from "../report.ts";
import type { Task } from "../task.ts";
import { terminalsOf } from "../terminals.ts";
import type { Tree } from "../tree.ts";
import { judgeDescriptor } from "./descriptors.ts";

const MSG_PEEK = 2;
const MSG_DONTWAIT = 0x40;
const MSG_CMSG_CLOEXEC = 0x40000000;
const SOL_SOCKET = 1;
const SCM_RIGHTS = 1;
/** No message carries more descriptors (SCM_MAX_FD). */
const MOST = 253;
const CONTROL = 16 + 4 * MOST + 256;
/** The descriptors of a stream come with the data before which they were sent. */
const DATA = 64 * 1024;
const SO_PEEK_OFF = 42;
/** struct msghdr, 64-bit: name, namelen, iov, iovlen, control at 32, controllen at 40, flags */
const MSGHDR = 56;

/**
 * Judges the descriptors that travel in the queue of a unix socket: criu takes them as if they were open. `count` is
 * how many there are (`scm_fds` of fdinfo); only those of the first message are seen without touching the socket.
 * Returns the inodes of the sockets among them.
 */
export function judgePassed(tree: Tree, report: Report, socket: OpenFile, count: number): number[] {
  if (tree.around.plan.preDump || count === 0) return [];
  const { sys } = tree.around;
  const sockets: number[] = [];
  let seen = 0;
  const answer = borrow(sys, socket.task, socket.fd, (fd) => {
    const passed = peek(sys, fd);
    try {
      seen = passed.length;
      for (const one of passed) {
        const inode = judgeOne(tree, report, socket, one);
        if (inode !== null) sockets.push(inode);
      }
    } finally {
      for (const one of passed) one[Symbol.dispose]();
    }
  });
  if (isRefused(answer) || seen < count) {
    report.unknown(
      "unix-queue-rights",
      socket.task,
      `fd ${socket.fd}`,
      `${count - seen} descriptors travel in its queue that are not seen from outside`,
      "inspect again when the program has read them",
    );
  }
  return sockets;
}

/** Looks at the first message of a socket, and leaves it there. */
function peek(sys: Sys, socket: number): Fd[] {
  const { memory } = sys;
  const mark = memory.mark();
  try {
    const value = memory.alloc(8), size = memory.alloc(8);
    memory.setU32(size, 4);
    // Looking would move the offset from which such a program reads.
    if (sys.try("getsockopt", socket, SOL_SOCKET, SO_PEEK_OFF, value, size) === 0 && memory.i32(value) >= 0) return [];
    const data = memory.alloc(DATA),
      iov = memory.alloc(16),
      control = memory.alloc(CONTROL),
      header = memory.alloc(MSGHDR);
    memory.setU64(iov, data);
    memory.setU64(iov + 8, DATA);
    memory.setU64(header + 16, iov);
    memory.setU64(header + 24, 1);
    memory.setU64(header + 32, control);
    memory.setU64(header + 40, CONTROL);
    const got = sys.try("recvmsg", socket, header, MSG_PEEK | MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    if (got < 0) return [];
    return received(sys, control, Number(memory.u64(header + 40)));
  } finally {
    memory.release(mark);
  }
}

/** The descriptors of a control message: struct cmsghdr is size_t cmsg_len, int cmsg_level, int cmsg_type. */
function received(sys: Sys, control: number, size: number): Fd[] {
  const { memory } = sys;
  const found: Fd[] = [];
  for (let at = control; at + 16 <= control + size;) {
    const length = Number(memory.u64(at));
    if (length < 16) break;
    if (memory.i32(at + 8) === SOL_SOCKET && memory.i32(at + 12) === SCM_RIGHTS) {
      for (let fd = at + 16; fd + 4 <= at + length; fd += 4) found.push(new Fd(sys, memory.i32(fd)));
    }
    at += (length + 7) & ~7;
  }
  return found;
}

function judgeOne(tree: Tree, report: Report, socket: OpenFile, passed: Fd): number | null {
  const { task } = socket;
  using self = ProcDir.open(tree.around.sys, "/proc/self");
  using folder = new FdFolder(tree.around.sys, self);
  const source = {
    task,
    statx: () => folder.statx(passed.number) ?? null,
    fileSystem: () => folder.fileSystem(passed.number) ?? null,
  };
  const file = new OpenFile(source, socket.fd, folder.link(passed.number) ?? "");
  file.info = folder.info(passed.number) ?? null;
  const { stat } = file;
  if (stat && (stat.mode & S_IFMT) === S_IFCHR && terminalDriver(stat.rdevMajor, stat.rdevMinor) !== null) {
    judgeTerminal(tree, report, socket, file);
    return null;
  }
  judgeDescriptor(tree, queued(report, task), file);
  return file.kind === "SOCKET" ? file.linkInode : null;
}

/** A terminal's state is asked of a task that has it open, which only those have that criu has come to before. */
function judgeTerminal(tree: Tree, report: Report, socket: OpenFile, file: OpenFile): void {
  const { rdevMajor, rdevMinor } = file.stat!;
  const position = new Map(tree.tasks.map((task, i) => [task, i]));
  const before = terminalsOf(tree).some(({ file: open }) =>
    open.stat!.rdevMajor === rdevMajor && open.stat!.rdevMinor === rdevMinor &&
    (position.get(open.task)! - position.get(socket.task)! || open.fd - socket.fd) < 0
  );
  if (before) return;
  report.add({
    rule: "tty-in-scm",
    task: socket.task,
    subject: `fd ${socket.fd}`,
    reason: `the terminal ${file.link} travels in its queue, and is not open under a lower number`,
  });
}

/** What is said of a descriptor in a queue. */
function queued(report: Report, task: Task): Reporter {
  const say = (reason: string) => `of a descriptor in its queue: ${reason}`;
  return {
    // criu prints a number of its own.
    add: (seen) => report.add({ ...seen, message: null, reason: say(seen.reason) }),
    unknown: (rule, _task, subject, reason, remedy) => report.unknown(rule, task, subject, say(reason), remedy),
    assume: (text) => report.assume(text),
  };
}
