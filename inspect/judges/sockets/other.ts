import type { Report } from "../../report.ts";
import type { SocketTable } from "../../sockets/table.ts";
import type { Tree } from "../../tree.ts";
import type { TreeSocket } from "../sockets.ts";
import { reportUnlisted } from "./unlisted.ts";

/** PACKET_MR_* that criu knows (linux/if_packet.h): multicast, promiscuous, all multicast, unicast. */
const MEMBERSHIPS = [0, 1, 2, 3];

/** Netlink sockets; one that was never bound is in no list of the kernel's, and is dumped all the same. */
export function judgeNetlink(tree: Tree, report: Report, table: SocketTable, socket: TreeSocket): void {
  const { file, ino, options } = socket;
  const seen = { task: file.task, subject: `fd ${file.fd}` };
  const found = table.find(ino, options.domain, options.protocol);
  if (found === undefined) return;
  if ("refused" in found) return reportUnlisted(tree, report, socket, found.refused);
  if (found.family !== "NETLINK") return;
  if (found.queued > 0) {
    return report.add({ ...seen, rule: "netlink-data", reason: "messages wait to be read" });
  }
  const { groups, portid } = found;
  if (groups === null) return;
  // The kernel hands out words of 64 bits; criu passes over the last half of one where it is empty.
  const words = new DataView(groups.buffer, groups.byteOffset, groups.byteLength & ~3);
  let count = words.byteLength >> 2;
  if (count > 0 && words.getUint32((count - 1) * 4, true) === 0) count--;
  if (count > 1) {
    report.add({ ...seen, rule: "netlink-groups", reason: "it is in a group above 32", values: [ino] });
  } else if (portid === 0) {
    report.add({ ...seen, rule: "netlink-groups-noport", reason: "it is in groups and has no port", values: [ino] });
  }
}

/** Packet sockets. */
export function judgePacket(tree: Tree, report: Report, table: SocketTable, socket: TreeSocket): void {
  const { file, ino, options } = socket;
  const seen = { task: file.task, subject: `fd ${file.fd}` };
  const found = table.find(ino, options.domain, options.protocol);
  if (found !== undefined && "refused" in found) return reportUnlisted(tree, report, socket, found.refused);
  if (found === undefined) {
    return report.add({
      ...seen,
      rule: "sock-foreign-netns",
      reason: `no network namespace ${tree.dumps("net") ? "of the tree" : "of the caller"} has this packet socket`,
      message: null,
    });
  }
  if (found.family !== "PACKET") return;
  if (found.memberships.some(({ count }) => count !== 1)) {
    report.add({ ...seen, rule: "packet-membership", reason: "it has one membership several times" });
  } else if (found.memberships.some(({ type }) => !MEMBERSHIPS.includes(type))) {
    report.add({ ...seen, rule: "packet-membership", reason: "it has a membership of an unknown kind", message: null });
  }
}
