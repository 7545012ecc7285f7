import { SysError } from "../ffi/errno.ts";
import type { Fd } from "../ffi/fd.ts";
import { bindTo, connectTo, seqpacketSocket, SOCKET_PATH_BYTES } from "../ffi/seqpacket.ts";
import { struct } from "../ffi/struct.ts";
import type { Sys } from "../ffi/sys.ts";
import { AT_FDCWD } from "../ffi/uapi.ts";
import { nap } from "../ffi/wait.ts";

const BACKLOG = 128;
const LOCK_EX_NB = 6;
const AT_SYMLINK_NOFOLLOW = 0x100;
/** STATX_BASIC_STATS | STATX_BTIME */
const STATX_WANTED = 0xfff;
const S_IFMT = 0o170000;
const S_IFSOCK = 0o140000;
const EADDRINUSE = 98;
const ECONNREFUSED = 111;
const ENOENT = 2;
const EEXIST = 17;
const EAGAIN = 11;
const FOLDER_MODE = 0o755;
const STATX = struct("statx", 256, {
  mode: [28, "u16"],
  ino: [32, "u64"],
  btimeSec: [80, "u64"],
  btimeNsec: [88, "u32"],
  devMajor: [136, "u32"],
  devMinor: [140, "u32"],
});

/** A listening socket cannot be had; one sentence. */
export class EndpointError extends Error {
  override readonly name = "EndpointError";
}

/** A file as it is known by: its kind, and what no other file has; an inode's number alone is given again soon. */
interface Identity {
  readonly socket: boolean;
  readonly key: string;
}

/** A listening socket and its file, which goes away with it, if it is still the same. */
export class Endpoint implements Disposable {
  readonly #sys: Sys;
  readonly #key: string | undefined;

  private constructor(sys: Sys, readonly socket: Fd, readonly path: string) {
    this.#sys = sys;
    this.#key = identity(sys, path)?.key;
  }

  /**
   * Listens at `path`; `mode` are the permissions of the socket's file. A socket that nobody listens on any more is
   * replaced, one that somebody listens on is not, nor is any other file. Throws `EndpointError`.
   */
  static open(sys: Sys, path: string, mode: number): Endpoint {
    if (new TextEncoder().encode(path).length > SOCKET_PATH_BYTES) {
      throw new EndpointError(`a socket's path has at most ${SOCKET_PATH_BYTES} bytes, this one has more`);
    }
    const mark = sys.memory.mark();
    try {
      const slash = path.lastIndexOf("/");
      const folder = slash < 0 ? "." : path.slice(0, slash) || "/";
      makeFolder(sys, folder);
      // Two that start at once must not both take the same stale file away: one after the other looks at it.
      using _lock = lockFolder(sys, folder);
      const socket = seqpacketSocket(sys);
      try {
        bind(sys, socket, path, mode);
        sys.call("listen", socket.number, BACKLOG);
        return new Endpoint(sys, socket, path);
      } catch (error) {
        socket[Symbol.dispose]();
        throw error;
      }
    } catch (error) {
      if (error instanceof SysError) throw new EndpointError(error.message);
      throw error;
    } finally {
      sys.memory.release(mark);
    }
  }

  [Symbol.dispose](): void {
    this.socket[Symbol.dispose]();
    const mark = this.#sys.memory.mark();
    if (this.#key !== undefined && identity(this.#sys, this.path)?.key === this.#key) {
      this.#sys.try("unlinkat", AT_FDCWD, this.#sys.memory.cstring(this.path), 0);
    }
    this.#sys.memory.release(mark);
  }
}

/** Only the last folder is made, and only where its parent is there: /run/cready, after a boot. */
function makeFolder(sys: Sys, folder: string): void {
  const made = sys.try("mkdirat", AT_FDCWD, sys.memory.cstring(folder), FOLDER_MODE);
  if (made < 0 && made !== -EEXIST) throw new EndpointError(`mkdir(): ${new SysError("", -made).code}`);
}

function lockFolder(sys: Sys, folder: string): Fd {
  const fd = sys.open(folder, sys.arch.oDirectory, "open() of its folder");
  const NAP_NS = 50_000_000, TRIES = 100;
  for (let i = 0; i < TRIES; i++) {
    const result = sys.try("flock", fd.number, LOCK_EX_NB);
    if (result === 0) return fd;
    if (result !== -EAGAIN) break; // a file system without locks: two at once are the caller's affair
    nap(sys, NAP_NS);
  }
  return fd;
}

function bind(sys: Sys, socket: Fd, path: string, mode: number): void {
  // The file has its permissions from its first moment on.
  const before = sys.call("umask", 0o777 & ~mode);
  try {
    let result = bindTo(sys, socket, path);
    if (result === -EADDRINUSE && isStale(sys, path)) {
      sys.call("unlinkat", AT_FDCWD, sys.memory.cstring(path), 0);
      result = bindTo(sys, socket, path);
    }
    if (result < 0) throw new SysError("bind()", -result);
  } finally {
    sys.try("umask", before);
  }
}

/** Whether nobody listens on the socket at `path`. Throws `EndpointError` where somebody does, or it is no socket. */
function isStale(sys: Sys, path: string): boolean {
  const there = identity(sys, path);
  if (there && !there.socket) {
    throw new EndpointError("there is a file of that name that is no socket; it is left alone");
  }
  using probe = seqpacketSocket(sys);
  const result = connectTo(sys, probe, path);
  if (result === -ECONNREFUSED) return true;
  if (result === -ENOENT) return false;
  if (result === 0 || result === -EAGAIN) throw new EndpointError("another program listens there already");
  throw new EndpointError(
    `there is a socket of another kind, or it cannot be asked: ${new SysError("", -result).code}`,
  );
}

function identity(sys: Sys, path: string): Identity | undefined {
  const { memory } = sys;
  const mark = memory.mark();
  const at = STATX.pack(memory);
  const name = memory.cstring(path);
  const result = sys.try("statx", AT_FDCWD, name, AT_SYMLINK_NOFOLLOW, STATX_WANTED, at);
  const get = (field: "mode" | "ino" | "btimeSec" | "btimeNsec" | "devMajor" | "devMinor") =>
    STATX.get(memory, at, field);
  const found = result < 0 ? undefined : {
    socket: (get("mode") & S_IFMT) === S_IFSOCK,
    key: [get("mode") & S_IFMT, get("devMajor"), get("devMinor"), get("ino"), get("btimeSec"), get("btimeNsec")].join(
      ":",
    ),
  };
  memory.release(mark);
  return found;
}
