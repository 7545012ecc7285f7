import { O_PATH } from "../../../ffi/uapi.ts";
import { borrow, isRefused } from "../../borrow.ts";
import type { OpenFile } from "../../open_file.ts";
import type { Reporter } from "../../report.ts";
import type { Tree } from "../../tree.ts";

/** criu keeps the data of so many pipes, and of as many fifos (NR_PIPES_WITH_DATA). */
const MOST = 1024;
const O_ACCMODE = 3;
const O_WRONLY = 1;
const O_RDWR = 2;
const POLLERR = 8;
const POLLHUP = 0x10;

/** One pipe and which of its ends the tree has. */
interface Ends {
  readonly file: OpenFile;
  reads: boolean;
  writes: boolean;
}

/** The pipes of a tree, counted while its descriptors are walked over. */
export class Pipes {
  readonly #tree: Tree;
  readonly #report: Reporter;
  readonly #ends = new Map<string, Ends>();
  /** Those with data that criu takes, by inode: of pipes, and of fifos. */
  readonly #packets: number;
  readonly #readable = { pipe: new Set<string>(), fifo: new Set<string>() };

  constructor(tree: Tree, report: Reporter) {
    this.#tree = tree;
    this.#report = report;
    this.#packets = tree.around.sys.arch.oDirect;
  }

  /** An end of a pipe without a name. */
  pipe(file: OpenFile): void {
    const { flags, link, task, fd } = file;
    if (flags === null) return;
    if ((flags & this.#packets) !== 0 && !this.#ofAutofs(file.linkInode!)) {
      this.#report.add({
        task,
        subject: `fd ${fd}`,
        rule: "fd-pipe-packet",
        reason: "it is a pipe of packets (O_DIRECT)",
      });
    }
    if ((flags & O_PATH) !== 0) return;
    const access = flags & O_ACCMODE;
    let ends = this.#ends.get(link);
    if (!ends) this.#ends.set(link, ends = { file, reads: false, writes: false });
    if (access !== O_WRONLY) {
      ends.reads = true;
      this.#count("pipe", file, link);
    }
    if (access === O_WRONLY || access === O_RDWR) ends.writes = true;
  }

  /** A named fifo, after its name was judged. */
  fifo(file: OpenFile): void {
    const { stat, flags } = file;
    if (!stat || flags === null || (flags & O_ACCMODE) === O_WRONLY) return;
    // criu numbers pipes by inode alone.
    this.#count("fifo", file, String(BigInt.asUintN(32, stat.ino)));
  }

  #count(kind: "pipe" | "fifo", file: OpenFile, ino: string): void {
    const readable = this.#readable[kind];
    if (readable.has(ino) || readable.size > MOST) return;
    readable.add(ino);
    if (readable.size <= MOST) return;
    this.#report.add({
      rule: "fd-pipe-many",
      task: file.task,
      subject: `fd ${file.fd}`,
      reason: `the tree reads from more than ${MOST} ${kind}s`,
    });
  }

  /** Whether an autofs mount talks through it: such packets criu knows. */
  #ofAutofs(ino: number): boolean {
    const wanted = `pipe_ino=${ino}`;
    const { caller } = this.#tree.around;
    return [caller.mountinfo, this.#tree.root.mountinfo ?? []].some((mounts) =>
      mounts.some(({ type, superOptions }) => type === "autofs" && superOptions.split(",").includes(wanted))
    );
  }

  /** Reports pipes whose other end lives outside of the tree: it is not there again after restore. */
  outer(): void {
    for (const { file, reads, writes } of this.#ends.values()) {
      if (reads && writes) continue;
      const open = this.#otherEnd(file);
      if (open === false) continue;
      const end = reads ? "written to" : "read";
      this.#report.add({
        rule: "fd-pipe-outer",
        task: file.task,
        subject: `fd ${file.fd}`,
        effect: "LOST",
        reason: open === null
          ? `it is a pipe that may be ${end} from outside of the tree`
          : `it is a pipe that is ${end} from outside of the tree`,
        options: [`--inherit-fd fd[N]:${file.link} (restore)`],
      });
    }
  }

  /** Whether the end that the tree has not is open anywhere; null where it cannot be told. */
  #otherEnd(file: OpenFile): boolean | null {
    const { sys } = this.#tree.around;
    const { memory } = sys;
    const mark = memory.mark();
    try {
      // struct pollfd: int fd, short events, revents; a timeout of zero
      const poll = memory.alloc(8), now = memory.alloc(16);
      const answer = borrow(sys, file.task, file.fd, (fd) => {
        memory.setU32(poll, fd);
        return sys.try("ppoll", poll, 1, now, 0, 0);
      });
      if (isRefused(answer) || answer < 0) return null;
      return (memory.u16(poll + 6) & (POLLERR | POLLHUP)) === 0;
    } finally {
      memory.release(mark);
    }
  }
}
