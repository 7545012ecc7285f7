import { AF_INET, AF_INET6, AF_NETLINK, AF_PACKET, AF_UNIX } from "../../ffi/uapi.ts";
import { isRefused } from "../borrow.ts";
import type { OpenFile } from "../open_file.ts";
import { openFilesOf } from "../open_files.ts";
import type { Report } from "../report.ts";
import { borrowEach } from "../sockets/borrow_each.ts";
import { optionsOf, type SocketOptions } from "../sockets/options.ts";
import { SocketTable } from "../sockets/table.ts";
import { PTRACE } from "../task.ts";
import type { Tree } from "../tree.ts";
import { InetJudge } from "./sockets/inet.ts";
import { judgeNetlink, judgePacket } from "./sockets/other.ts";
import { UnixJudge } from "./sockets/unix.ts";

/** One socket of the tree, under its first descriptor. */
export interface TreeSocket {
  readonly file: OpenFile;
  readonly ino: number;
  readonly options: SocketOptions;
}

/** Open sockets of all families. */
export function judgeSockets(tree: Tree, report: Report): void {
  if (tree.around.plan.preDump) return;
  const sockets = socketsOf(tree, report);
  // criu holds the packets of a whole namespace back even where no socket is open.
  if (sockets.length === 0 && !tree.dumps("net")) return;
  const table = new SocketTable(tree);
  const inet = new InetJudge(tree, report, table);
  const unix = new UnixJudge(tree, report, table, sockets);
  for (const socket of sockets) {
    const { file, options } = socket;
    switch (options.domain) {
      case AF_UNIX:
        unix.judge(socket);
        break;
      case AF_INET:
      case AF_INET6:
        inet.judge(socket);
        break;
      case AF_NETLINK:
        judgeNetlink(tree, report, table, socket);
        break;
      case AF_PACKET:
        judgePacket(tree, report, table, socket);
        break;
      default:
        report.add({
          rule: "sock-family-unsupported",
          task: file.task,
          subject: `fd ${file.fd}`,
          reason: `it is a socket of family ${familyName(options.domain)}`,
          values: [options.domain],
        });
        continue;
    }
    if (options.passCredRefused !== null && options.domain !== AF_UNIX && options.domain !== AF_NETLINK) {
      report.add({
        rule: "sock-options-old-criu",
        task: file.task,
        subject: `fd ${file.fd}`,
        reason:
          `the kernel answers SO_PASSCRED with ${options.passCredRefused}, and criu before 4.2 asks every socket for it`,
        values: [1, 16],
        errnoText: "Operation not supported",
      });
    }
    if (options.ebpfFilter) {
      report.add({
        rule: "sock-ebpf-filter",
        task: file.task,
        subject: `fd ${file.fd}`,
        reason: "it has an eBPF filter, which the kernel hands to nobody",
        errnoText: "Permission denied",
      });
    }
  }
  unix.external();
  inet.locks();
}

/** Each socket once, with what it says of itself. Nothing of this disturbs it: each is held for microseconds. */
function socketsOf(tree: Tree, report: Report): TreeSocket[] {
  const seen = new Set<number>();
  const files = openFilesOf(tree).sockets.filter((file) => {
    const ino = Number(file.linkInode);
    if (seen.has(ino)) return false;
    seen.add(ino);
    return true;
  });
  const sockets: TreeSocket[] = [];
  const refused = new Set<number>();
  borrowEach(tree.around.sys, files, (fd) => optionsOf(tree.around.sys, fd), (file, options) => {
    if (options === null) return; // closed since, and the number used for something else
    if (!isRefused(options)) {
      sockets.push({ file, ino: Number(file.linkInode), options });
      return;
    }
    if (options.refused === "EBADF" || refused.has(file.task.pid)) return;
    refused.add(file.task.pid);
    const remedy = options.refused === "EPERM" ? `inspect with ${PTRACE}` : null;
    report.unknown(
      "sock-opts",
      file.task,
      `fd ${file.fd}`,
      `it is a socket that cannot be asked: pidfd_getfd: ${options.refused}`,
      remedy,
    );
  });
  return sockets;
}

/** linux/socket.h */
const FAMILIES: Readonly<Record<number, string>> = {
  15: "AF_KEY",
  21: "AF_RDS",
  24: "AF_PPPOX",
  29: "AF_CAN",
  30: "AF_TIPC",
  31: "AF_BLUETOOTH",
  38: "AF_ALG",
  39: "AF_NFC",
  40: "AF_VSOCK",
  41: "AF_KCM",
  42: "AF_QIPCRTR",
  43: "AF_SMC",
  44: "AF_XDP",
  45: "AF_MCTP",
};

function familyName(domain: number): string {
  const name = FAMILIES[domain];
  return name ? `${name} (${domain})` : String(domain);
}
