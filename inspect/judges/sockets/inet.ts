import { findProgram } from "../../../ffi/programs.ts";
import { AF_INET6 } from "../../../ffi/uapi.ts";
import { borrow, isRefused } from "../../borrow.ts";
import { readLink } from "../../../ffi/files.ts";
import { outerFiles } from "../../outside.ts";
import { orderOf } from "../../order.ts";
import { given } from "../../plan.ts";
import type { Report } from "../../report.ts";
import { addressText } from "../../sockets/address.ts";
import { type InetSocket, TCP } from "../../sockets/diag.ts";
import { netsOf, type SocketTable } from "../../sockets/table.ts";
import type { Tree } from "../../tree.ts";
import type { TreeSocket } from "../sockets.ts";
import { emptyNets } from "../netdev.ts";
import { reportUnlisted } from "./unlisted.ts";

const SOCK_STREAM = 1, SOCK_DGRAM = 2, SOCK_RAW = 3;
const IPPROTO_ICMP = 1, IPPROTO_ICMPV6 = 58, IPPROTO_MPTCP = 262;
/** IP, ICMP, TCP, UDP, ICMPv6, UDP-Lite: the protocols of datagrams and streams that criu knows. */
const PROTOCOLS = [0, 1, 6, 17, 58, 136];
const PROTOCOL_NAMES: Readonly<Record<number, string>> = {
  33: "DCCP",
  115: "L2TP",
  132: "SCTP",
  256: "SMC",
  262: "MPTCP",
};
/** States in which a connection is closed on one side. */
const HALF_CLOSED: readonly number[] = [TCP.FIN_WAIT1, TCP.FIN_WAIT2, TCP.CLOSE_WAIT, TCP.LAST_ACK, TCP.CLOSING];
const STATE_NAMES: Readonly<Record<number, string>> = {
  [TCP.ESTABLISHED]: "established",
  [TCP.SYN_SENT]: "being made (SYN_SENT)",
  [TCP.FIN_WAIT1]: "half closed (FIN_WAIT1)",
  [TCP.FIN_WAIT2]: "half closed (FIN_WAIT2)",
  [TCP.CLOSE_WAIT]: "half closed (CLOSE_WAIT)",
  [TCP.LAST_ACK]: "half closed (LAST_ACK)",
  [TCP.CLOSING]: "half closed (CLOSING)",
};
/** ioctl of a socket: a descriptor of its network namespace (linux/sockios.h). */
const SIOCGSKNS = 0x894c;

/** Sockets of IPv4 and IPv6. */
export class InetJudge {
  readonly #tree: Tree;
  readonly #report: Report;
  readonly #table: SocketTable;
  readonly #listening: { readonly socket: TreeSocket; readonly found: InetSocket }[] = [];
  /** Sockets of datagrams with a peer. */
  readonly #joined: { readonly socket: TreeSocket; readonly found: InetSocket }[] = [];
  /** Connections that are no more: criu holds their packets back all the same. */
  readonly #closed: TreeSocket[] = [];
  /** Connections that criu would keep, with the first descriptor of each. */
  readonly #connected: { readonly socket: TreeSocket; readonly found: InetSocket }[] = [];

  constructor(tree: Tree, report: Report, table: SocketTable) {
    this.#tree = tree;
    this.#report = report;
    this.#table = table;
  }

  judge(socket: TreeSocket): void {
    const { file, ino, options } = socket;
    const seen = { task: file.task, subject: `fd ${file.fd}` };
    const { type, protocol } = options;
    if (type !== SOCK_RAW && !PROTOCOLS.includes(protocol)) {
      const name = PROTOCOL_NAMES[protocol] ?? `protocol ${protocol}`;
      return this.#report.add({
        ...seen,
        rule: "inet-protocol-unsupported",
        reason: `it is a socket of ${name}, which criu cannot dump`,
        values: [protocol, ino],
        remedy: protocol === IPPROTO_MPTCP ? "use plain TCP; for programs in Go set GODEBUG=multipathtcp=0" : null,
      });
    }
    const found = this.#table.find(ino, options.domain, type === SOCK_RAW ? 255 : protocol);
    if (type === SOCK_DGRAM && (protocol === IPPROTO_ICMP || protocol === IPPROTO_ICMPV6)) {
      this.#report.add({
        ...seen,
        rule: "icmp-ping-old",
        reason: "it is a ping socket, which criu knows since 4.2",
        values: [protocol, ino],
      });
    }
    if (found !== undefined && "refused" in found && type !== SOCK_RAW) {
      return reportUnlisted(this.#tree, this.#report, socket, found.refused);
    }
    const listed = found !== undefined && !("refused" in found) && found.family === "INET" ? found : undefined;
    if (options.corked) {
      return this.#report.add({
        ...seen,
        rule: "udp-corked",
        reason: "it collects parts of a datagram (UDP_CORK)",
        values: [ino],
      });
    }
    if (type !== SOCK_STREAM && type !== SOCK_DGRAM && type !== SOCK_RAW) {
      return this.#report.add({
        ...seen,
        rule: "inet-type-unsupported",
        reason: `it is of type ${type}`,
        values: [type, ino],
      });
    }
    if (!listed) this.#unlisted(socket);
    else if (type === SOCK_STREAM) this.#stream(socket, listed);
    else this.#datagram(socket, listed);
    if (listed) this.#scope(socket, listed);
  }

  /** One that is not bound, or not connected, or of a namespace that is not looked at. */
  #unlisted(socket: TreeSocket): void {
    const { file, options } = socket;
    const seen = { task: file.task, subject: `fd ${file.fd}` };
    // Its state comes before its namespace: a socket that was found nowhere must be closed.
    const closed = options.tcpState === null || options.tcpState === TCP.CLOSE;
    if (closed && this.#tree.dumps("net") && this.#foreign(socket)) {
      return this.#report.add({
        ...seen,
        rule: "sock-foreign-netns",
        reason: "it was made in a network namespace in which no task of the tree lives",
      });
    }
    const { tcpState } = options;
    if (tcpState === null) return;
    if (tcpState === TCP.SYN_RECV) {
      return this.#report.add({
        ...seen,
        rule: "tcp-syn-recv",
        reason: "it is a connection that is being made",
        values: [tcpState, TCP.CLOSE],
      });
    }
    if (tcpState !== TCP.CLOSE) {
      return this.#report.add({
        ...seen,
        rule: "sock-foreign-netns",
        reason: "it was made in a network namespace that criu does not look at",
        message: "Socket state",
        values: [tcpState, TCP.CLOSE],
      });
    }
    if (!options.hasPeer) return;
    this.#closed.push(socket);
    this.#report.add({
      ...seen,
      rule: "tcp-closed-with-peer",
      effect: "RISK",
      reason: "its connection was reset or refused, and it still has the address of its peer",
    });
  }

  /** Whether a socket's namespace is none of the tree's. */
  #foreign({ file }: TreeSocket): boolean {
    const { sys } = this.#tree.around;
    const inode = borrow(sys, file.task, file.fd, (fd) => {
      const ns = sys.try("ioctl", fd, SIOCGSKNS, 0);
      if (ns < 0) return null;
      try {
        return Number(/\[(\d+)\]/.exec(readLink(sys, `/proc/self/fd/${ns}`))?.[1]);
      } finally {
        sys.try("close", ns);
      }
    });
    if (inode === null || isRefused(inode)) return false;
    return !netsOf(this.#tree).some((net) => net.inode === inode);
  }

  #stream(socket: TreeSocket, found: InetSocket): void {
    const { file, ino } = socket;
    const seen = { task: file.task, subject: `fd ${file.fd}` };
    if (found.state === TCP.LISTEN) {
      this.#listening.push({ socket, found });
      if (found.rqueue === 0) return;
      const n = found.rqueue;
      return this.#report.add({
        ...seen,
        rule: "tcp-listen-in-flight",
        reason: `${n} connection${n > 1 ? "s" : ""} at ${local(found)} ${n > 1 ? "are" : "is"} not accepted yet`,
        values: [ino],
      });
    }
    if (!(found.state in STATE_NAMES)) return;
    const name = `TCP ${local(found)} - ${remote(found)}, ${STATE_NAMES[found.state]}`;
    this.#report.add({ ...seen, rule: "tcp-connected", reason: name });
    this.#connected.push({ socket, found });
    const { plan, caller } = this.#tree.around;
    // With --tcp-close nothing of the connection is read.
    if (given(plan, "tcp-close")) return;
    if (!caller.has("CAP_NET_ADMIN")) {
      this.#report.add({
        ...seen,
        rule: "tcp-repair-permission",
        reason: "repair mode of TCP needs CAP_NET_ADMIN, which this process does not have",
        errnoText: "Operation not permitted",
      });
    }
    if (HALF_CLOSED.includes(found.state)) {
      this.#report.add({
        ...seen,
        rule: "tcp-half-closed",
        reason: `it is ${STATE_NAMES[found.state]}`,
        options: ["--tcp-close"],
        errnoText: "Operation not permitted",
      });
    }
    if (found.ulp !== null || found.signed) {
      const on = found.ulp !== null ? `${found.ulp} runs on top of it` : "its segments are signed (TCP MD5)";
      this.#report.add({
        ...seen,
        rule: "tcp-ulp",
        stage: "RESTORE",
        effect: "LOST",
        reason: `${on}, and its keys are not kept`,
        options: [],
      });
    }
  }

  #datagram(socket: TreeSocket, found: InetSocket): void {
    if (found.destinationPort !== 0) this.#joined.push({ socket, found });
    if (found.rqueue === 0 || socket.options.type !== SOCK_DGRAM) return;
    this.#report.add({
      rule: "udp-plain",
      task: socket.file.task,
      subject: `fd ${socket.file.fd}`,
      reason: `datagrams wait at ${local(found)}, and are not kept`,
      message: "Read queue",
      values: [socket.ino],
    });
  }

  /** Addresses that mean nothing without an interface. */
  #scope({ file, options, ino }: TreeSocket, found: InetSocket): void {
    if (options.domain !== AF_INET6 || found.sourcePort === 0) return;
    const [first, second] = found.source;
    const MULTICAST = 0xff, LINK_SCOPES = [1, 2], LINK_LOCAL = 0xfe80;
    const prefix = (first! << 8 | second!) & 0xffc0;
    if (prefix === LINK_LOCAL && found.interface === 0) {
      return this.#report.add({
        rule: "inet6-linklocal-unscoped",
        task: file.task,
        subject: `fd ${file.fd}`,
        reason: `it is bound to ${local(found)}, a link-local address, and to no interface`,
        // criu's line has a number of its own in it.
        message: null,
      });
    }
    if (first !== MULTICAST || !LINK_SCOPES.includes(second! & 0x0f)) return;
    this.#report.add({
      rule: "inet6-linklocal-multicast",
      task: file.task,
      subject: `fd ${file.fd}`,
      reason: `it is bound to ${local(found)} (socket ${ino}), which cannot be bound again without its interface`,
      message: null,
    });
  }

  /** What holds the network still while the dump runs, and what a connection needs at restore. */
  locks(): void {
    const { plan } = this.#tree.around;
    this.#restore();
    if (given(plan, "network-lock", "skip")) return;
    const whole = this.#tree.dumps("net");
    const first = this.#connected[0]?.socket ?? this.#closed[0];
    if (!whole && (!first || given(plan, "tcp-close"))) return;
    const v6 = this.#connected.some(({ found }) => found.version === 6) ||
      this.#closed.some(({ options }) => options.domain === AF_INET6);
    if (given(plan, "network-lock", "nftables")) return;
    const names = whole ? ["iptables-restore"] : v6 ? ["iptables", "ip6tables"] : ["iptables"];
    const missing = names.find((name) => findProgram(this.#tree.around.sys, name).path === null);
    if (missing === undefined) {
      this.#report.assume(`${names[0]} can add rules to the network of the tree while the dump runs`);
      return;
    }
    const { task, fd } = first?.file ?? { task: this.#tree.root, fd: null };
    const subject = fd === null ? "network" : `fd ${fd}`;
    const reason = `there is no ${missing} in PATH, with which criu holds packets back while the dump runs`;
    if (whole) {
      this.#report.add({
        rule: "tcp-lock-own-netns",
        task: this.#tree.root,
        subject: "network",
        reason,
        message: null,
      });
    } else {
      this.#report.add({
        rule: "tcp-lock-host-netns",
        task,
        subject,
        reason,
        values: [first!.ino],
        order: orderOf("tcp-connected", subject),
      });
    }
  }

  /** A port stays taken while anybody else holds the socket, such as who has started the tree with it. */
  #shared(): void {
    const links = new Map(this.#listening.map((one) => [`socket:[${one.socket.ino}]`, one]));
    if (links.size === 0) return;
    const { leaveRunning } = this.#tree.around.plan;
    const holders = new Map<string, number>();
    for (const { link, pid } of outerFiles(this.#tree, [...links.keys()])) {
      if (!holders.has(link)) holders.set(link, pid);
    }
    for (const [link, { socket, found }] of links) {
      const holder = holders.get(link);
      if (holder === undefined && !leaveRunning) continue;
      this.#report.add({
        rule: "tcp-restore-address",
        task: socket.file.task,
        subject: `fd ${socket.file.fd}`,
        reason: holder === undefined
          ? `the process goes on running and keeps ${local(found)}: the restore needs another host or network`
          : `process ${holder} outside of the tree holds this socket too, and with it ${local(found)}`,
        message: null,
      });
    }
  }

  /** A connection with both ends inside comes back whole; of another one the rest of the world has to hold still. */
  #restore(): void {
    const { plan } = this.#tree.around;
    this.#shared();
    if (emptyNets(this.#tree).length > 0) {
      const connected = given(plan, "tcp-close") ? [] : this.#connected;
      for (const { socket, found } of [...connected, ...this.#joined]) {
        this.#report.add({
          rule: "tcp-restore-address",
          task: socket.file.task,
          subject: `fd ${socket.file.fd}`,
          reason: `the network is empty at first: whoever restores has to set it up before, else ${
            remote(found)
          } cannot be reached`,
          message: null,
        });
      }
      return;
    }
    if (given(plan, "tcp-close")) return;
    const ends = new Set(this.#connected.map(({ found }) => `${local(found)} ${remote(found)}`));
    for (const { socket, found } of this.#connected) {
      if (found.state === TCP.SYN_SENT) continue;
      if (ends.has(`${remote(found)} ${local(found)}`)) continue;
      const running = plan.leaveRunning
        ? "; the process goes on running, so the connection in the dump is dead as soon as either side sends"
        : "";
      this.#report.add({
        rule: "tcp-restore-address",
        task: socket.file.task,
        subject: `fd ${socket.file.fd}`,
        reason: `the peer ${remote(found)} is outside of the tree and must be held off until the restore${running}`,
        message: null,
      });
    }
  }
}

const local = (found: InetSocket) => addressText(found.source, found.sourcePort);
const remote = (found: InetSocket) => addressText(found.destination, found.destinationPort);
