import { SysError } from "../../ffi/errno.ts";
import { readLink } from "../../ffi/files.ts";
import type { Sys } from "../../ffi/sys.ts";
import { SOL_SOCKET } from "../../ffi/uapi.ts";

const SO_PEEK_OFF = 42;
const MSG_PEEK = 2, MSG_DONTWAIT = 0x40, MSG_CMSG_CLOEXEC = 0x40000000;
const SCM_RIGHTS = 1;
/** SCM_MAX_FD of net/scm.h: no message carries more. */
const MOST_RIGHTS = 253;
/** struct cmsghdr. */
const CMSG_HEADER = 16;
const CONTROL = 2048;
const DATA = 64 * 1024;

/** A descriptor that travels in a queue: where its link points to. */
export type Passed = readonly string[];

/**
 * What the first message with descriptors carries that waits in a unix socket, looked at and left there (MSG_PEEK).
 * Null where the program reads by an offset of its own, which looking would move (SO_PEEK_OFF).
 */
export function peekRights(sys: Sys, socket: number): Passed | null {
  const { memory } = sys;
  const mark = memory.mark();
  try {
    const value = memory.alloc(8), size = memory.alloc(8);
    memory.setU32(size, 4);
    if (sys.try("getsockopt", socket, SOL_SOCKET, SO_PEEK_OFF, value, size) === 0 && memory.i32(value) >= 0) {
      return null;
    }
    const iov = memory.alloc(16), data = memory.alloc(DATA), control = memory.alloc(CONTROL);
    memory.setU64(iov, data);
    memory.setU64(iov + 8, DATA);
    const header = memory.alloc(56); // struct msghdr
    memory.setU64(header + 16, iov);
    memory.setU64(header + 24, 1);
    memory.setU64(header + 32, control);
    memory.setU64(header + 40, CONTROL);
    const got = sys.try("recvmsg", socket, header, MSG_PEEK | MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    if (got < 0) return [];
    return received(memory.bytes(control, memory.u32(header + 40)).slice()).map((fd) => {
      try {
        return readLink(sys, `/proc/self/fd/${fd}`);
      } catch (error) {
        if (error instanceof SysError) return "";
        throw error;
      } finally {
        sys.try("close", fd);
      }
    });
  } finally {
    memory.release(mark);
  }
}

/** The descriptors that came with a message. */
function received(control: Uint8Array): number[] {
  const view = new DataView(control.buffer, control.byteOffset, control.byteLength);
  const fds: number[] = [];
  for (let at = 0; at + CMSG_HEADER <= control.length;) {
    const length = view.getUint32(at, true);
    if (length < CMSG_HEADER || at + length > control.length) break;
    if (view.getInt32(at + 8, true) === SOL_SOCKET && view.getInt32(at + 12, true) === SCM_RIGHTS) {
      const count = Math.min((length - CMSG_HEADER) >> 2, MOST_RIGHTS);
      for (let i = 0; i < count; i++) fds.push(view.getInt32(at + CMSG_HEADER + i * 4, true));
    }
    at += (length + 7) & ~7;
  }
  return fds;
}
