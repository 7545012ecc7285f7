import { SysError } from "../ffi/errno.ts";
import { Fd } from "../ffi/fd.ts";
import { fileKind } from "../ffi/file_kind.ts";
import { type Address, addressText, connect, listen, portOf, takeListener } from "../ffi/socket.ts";
import type { Sys } from "../ffi/sys.ts";
import { AT_FDCWD } from "../ffi/uapi.ts";

/** The server cannot begin, and why: one sentence. */
export class StartError extends Error {
  override readonly name = "StartError";
}

/** A socket on which the server listens, and where it is. */
export interface Listener {
  readonly socket: Fd;
  readonly address: Address;
}

const FOLDER_MODE = 0o755;
/** Nobody but the owner may connect. */
const SOCKET_UMASK = 0o177;
const ECONNREFUSED = "ECONNREFUSED";

/** Listens on a Unix socket of mode 0600. The file that a dead server left is replaced; of a live one it is refused. */
export function listenOnFile(sys: Sys, path: string): Listener {
  const address = { path };
  makeFolder(sys, path.slice(0, path.lastIndexOf("/")));
  const there = fileKind(sys, path);
  if (typeof there !== "number") {
    if (there.kind !== "socket") throw new StartError(`${path} is there and is no socket`);
    if (isAlive(sys, path)) throw new StartError(`another server listens on ${path}`);
    withPath(sys, path, (at) => sys.try("unlinkat", AT_FDCWD, at, 0));
  }
  const umask = sys.call("umask", SOCKET_UMASK);
  try {
    return { socket: listen(sys, address), address };
  } catch (error) {
    if (error instanceof SysError) throw new StartError(`cannot listen on ${path}: ${error.code}`);
    throw error;
  } finally {
    sys.call("umask", umask);
  }
}

/** Listens on a Unix socket that whoever started this made, as systemd does (sd_listen_fds(3)). */
export function listenOnPassed(sys: Sys, fd: number): Listener {
  const path = takeListener(sys, fd);
  if (path === undefined) throw new StartError(`descriptor ${fd}, which was passed on, is no Unix socket that listens`);
  return { socket: new Fd(sys, fd), address: { path } };
}

/** Listens on a port of the loopback interface; port 0 is any that is free. */
export function listenOnPort(sys: Sys, host: string, port: number): Listener {
  try {
    const socket = listen(sys, { host, port });
    return { socket, address: { host, port: portOf(sys, socket.number) } };
  } catch (error) {
    if (error instanceof SysError) {
      throw new StartError(`cannot listen on ${addressText({ host, port })}: ${error.code}`);
    }
    throw error;
  }
}

/** Whatever but a refusal, such as a full queue, says that somebody is there. */
function isAlive(sys: Sys, path: string): boolean {
  try {
    connect(sys, { path })[Symbol.dispose]();
    return true;
  } catch (error) {
    if (error instanceof SysError) return error.code !== ECONNREFUSED;
    throw error;
  }
}

function makeFolder(sys: Sys, path: string): void {
  if (path === "" || typeof fileKind(sys, path, true) !== "number") return;
  const result = withPath(sys, path, (at) => sys.try("mkdirat", AT_FDCWD, at, FOLDER_MODE));
  if (result < 0) throw new StartError(`cannot make the folder ${path}: ${new SysError("mkdir()", -result).code}`);
}

function withPath(sys: Sys, path: string, use: (at: number) => number): number {
  const mark = sys.memory.mark();
  const result = use(sys.memory.cstring(path));
  sys.memory.release(mark);
  return result;
}
