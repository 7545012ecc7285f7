import { SysError, TimeoutError } from "../../ffi/errno.ts";
import { Fd } from "../../ffi/fd.ts";
import { type Message, Netlink, type NETLINK_PROTOCOLS } from "../../ffi/netlink.ts";
import { DeathError, Subject } from "../../ffi/subject.ts";
import { AF_NETLINK, AT_FDCWD, CLONE_NEWNET, O_CLOEXEC, O_RDONLY, SOCK_CLOEXEC, SOCK_RAW } from "../../ffi/uapi.ts";
import type { Surroundings } from "../tree.ts";

/** A netlink protocol, and how it is called. */
export type NetlinkProtocol = keyof typeof NETLINK_PROTOCOLS;

const NUMBERS: Readonly<Record<NetlinkProtocol, number>> = {
  NETLINK_ROUTE: 0,
  NETLINK_SOCK_DIAG: 4,
  NETLINK_NETFILTER: 12,
};

/** A network namespace in which the tree lives: the one of this process, or the one of a task. */
export interface Net {
  readonly inode: number;
  /** A pid whose namespace it is; null for this process's own. */
  readonly pid: number | null;
}

/** What a namespace answers to one netlink request; or the errno's name, where it cannot be asked. */
export type NetAnswer = readonly Message[] | { readonly refused: string };

/**
 * Asks a network namespace by netlink. This process never changes its own namespace: for another one a child goes
 * there and opens the socket, which then belongs to that namespace whoever holds it.
 */
export function askNet({ sys }: Surroundings, net: Net, protocol: NetlinkProtocol, request: Uint8Array): NetAnswer {
  const { memory } = sys;
  const mark = memory.mark();
  try {
    using netlink = new Netlink(memory);
    const datagram = netlink.request(`${protocol} in a network namespace`, request);
    if (net.pid === null) netlink.connect(sys, protocol);
    else netlink.adopt(sys, socketInside(sys, net.pid, protocol));
    const { error, answers } = netlink.look(datagram);
    return error === 0 ? answers : { refused: new SysError("", -error).code };
  } catch (error) {
    if (error instanceof SysError) return { refused: error.code };
    if (error instanceof TimeoutError || error instanceof DeathError) return { refused: "ETIMEDOUT" };
    throw error;
  } finally {
    memory.release(mark);
  }
}

/** Whether `askNet` could not ask. */
export function isRefusal(answer: NetAnswer): answer is { readonly refused: string } {
  return "refused" in answer;
}

/** A netlink socket that was opened in the network namespace of a process. Throws `SysError`. */
function socketInside(sys: Surroundings["sys"], pid: number, protocol: NetlinkProtocol): Fd {
  const path = sys.memory.cstring(`/proc/${pid}/ns/net`);
  using child = Subject.start(sys);
  const ns = child.sys.call("openat", AT_FDCWD, path, O_RDONLY | O_CLOEXEC, 0);
  child.sys.call("setns", ns, CLONE_NEWNET);
  const socket = child.sys.call("socket", AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NUMBERS[protocol]);
  using pidfd = sys.fd("pidfd_open(child)", child.pid, 0);
  return new Fd(sys, sys.call("pidfd_getfd", pidfd.number, socket, 0));
}
