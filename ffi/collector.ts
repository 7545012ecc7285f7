import { Fd } from "./fd.ts";
import type { Sys } from "./sys.ts";
import { AF_UNIX, SOCK_CLOEXEC, SOCK_STREAM, SOL_SOCKET } from "./uapi.ts";

const SCM_RIGHTS = 1;
/** CMSG_LEN and CMSG_SPACE of two descriptors (cmsg(3)). */
const CONTROL_BYTES = 24;

/**
 * Gives a descriptor whose last close waits to the kernel's collector of sockets: it is sent, together with the socket
 * that would receive it, into that socket, which nobody can reach once both are closed here. Closing what is returned
 * sets the collector to work. Since Linux 6.9 that is a thread of the kernel (unix_gc in net/unix/garbage.c); before,
 * whoever closes waits as for the descriptor itself. Where there are no such sockets the descriptor is returned.
 */
export function toCollector(sys: Sys, fd: Fd): Fd {
  const { memory } = sys;
  const mark = memory.mark();
  try {
    const pair = memory.alloc(8);
    if (sys.try("socketpair", AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0) return fd;
    const kept = new Fd(sys, memory.i32(pair));
    using unreachable = new Fd(sys, memory.i32(pair + 4));
    const vector = memory.alloc(16); // struct iovec of one byte, for a message without data takes nothing along
    memory.setU64(vector, pair);
    memory.setU64(vector + 8, 1);
    const control = memory.alloc(CONTROL_BYTES); // struct cmsghdr, int[2]
    memory.setU64(control, CONTROL_BYTES);
    memory.setI32(control + 8, SOL_SOCKET);
    memory.setI32(control + 12, SCM_RIGHTS);
    memory.setI32(control + 16, fd.number);
    memory.setI32(control + 20, unreachable.number);
    const header = memory.alloc(56); // struct msghdr
    memory.setU64(header + 16, vector);
    memory.setU64(header + 24, 1);
    memory.setU64(header + 32, control);
    memory.setU64(header + 40, CONTROL_BYTES);
    const [rest, closed] = sys.try("sendmsg", kept.number, header, 0) === 1 ? [kept, fd] : [fd, kept];
    closed[Symbol.dispose]();
    return rest;
  } finally {
    memory.release(mark);
  }
}
