/** What is said of netlink and packet sockets. */
import assert from "node:assert/strict";
import { u32 } from "../../../../ffi/netlink.ts";
import { judgeNetlink, judgePacket } from "../../../../inspect/judges/sockets/other.ts";
import type { TreeSocket } from "../../../../inspect/judges/sockets.ts";
import type { Report, Sighting } from "../../../../inspect/report.ts";
import type { DiagSocket } from "../../../../inspect/sockets/diag.ts";
import type { SocketTable } from "../../../../inspect/sockets/table.ts";
import type { Tree } from "../../../../inspect/tree.ts";

function rules(judge: typeof judgeNetlink, found: DiagSocket | undefined | { readonly refused: string }): string[] {
  const said: string[] = [];
  const report = {
    add: ({ rule, effect }: Sighting) => said.push(effect ? `${rule} ${effect}` : rule),
    unknown: (rule: string) => said.push(`${rule} UNKNOWN`),
  } as unknown as Report;
  const tree = { dumps: () => false, around: { host: { filtered: false } } } as unknown as Tree;
  const socket = { ino: 4, file: { fd: 3, task: {} }, options: { domain: 16, protocol: 0 } } as unknown as TreeSocket;
  judge(tree, report, { find: () => found } as unknown as SocketTable, socket);
  return said;
}

const netlink = (groups: Uint8Array | null, portid = 9, queued = 0): DiagSocket => ({
  family: "NETLINK",
  ino: 4,
  portid,
  groups,
  queued,
});
const packet = (...memberships: { count: number; type: number }[]): DiagSocket => ({
  family: "PACKET",
  ino: 4,
  memberships,
});

const CASES: readonly (readonly [string, typeof judgeNetlink, Parameters<typeof rules>[1], string[]])[] = [
  ["netlink in the first groups", judgeNetlink, netlink(u32(0x80000001, 0)), []],
  ["netlink that was never bound", judgeNetlink, undefined, []],
  ["netlink in group 33", judgeNetlink, netlink(u32(0, 1)), ["netlink-groups"]],
  ["netlink in groups, without a port", judgeNetlink, netlink(u32(1, 0), 0), ["netlink-groups-noport"]],
  ["netlink with data", judgeNetlink, netlink(null, 9, 512), ["netlink-data"]],
  ["netlink that the kernel does not list", judgeNetlink, { refused: "ENOENT" }, ["env-sock-diag"]],
  ["netlink of a namespace that is closed to us", judgeNetlink, { refused: "EPERM" }, ["env-sock-diag UNKNOWN"]],
  ["packet with one membership of each kind", judgePacket, packet({ count: 1, type: 0 }, { count: 1, type: 1 }), []],
  ["packet with one membership twice", judgePacket, packet({ count: 2, type: 1 }), ["packet-membership"]],
  ["packet with an unknown membership", judgePacket, packet({ count: 1, type: 9 }), ["packet-membership"]],
  ["packet of another namespace", judgePacket, undefined, ["sock-foreign-netns"]],
];

for (const [title, judge, found, expected] of CASES) {
  Deno.test(title, () => assert.deepEqual(rules(judge, found), expected));
}
