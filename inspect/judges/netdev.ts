import { findProgram } from "../../ffi/programs.ts";
import { SysError } from "../../ffi/errno.ts";
import { message, NLM_F_DUMP, NLM_F_REQUEST } from "../../ffi/netlink.ts";
import type { ProcDir } from "../../proc/dir.ts";
import { tunDevice } from "../../proc/fdinfo.ts";
import { S_IFCHR, S_IFMT } from "../../proc/statx.ts";
import { borrow, isRefused } from "../borrow.ts";
import type { OpenFile } from "../open_file.ts";
import { openFilesOf } from "../open_files.ts";
import { argumentsOf, given } from "../plan.ts";
import type { Report } from "../report.ts";
import { type Link, linksRequest, parseLink } from "../sockets/links.ts";
import { askNet, isRefusal, type Net } from "../sockets/net.ts";
import { netsOf } from "../sockets/table.ts";
import type { Tree } from "../tree.ts";

/** linux/if_arp.h */
const ARPHRD = { ETHER: 1, LOOPBACK: 772, SIT: 776, IPGRE: 778, NONE: 0xfffe, VOID: 0xffff } as const;
/** /dev/net/tun */
const TUN_MAJOR = 10, TUN_MINOR = 200;
/** ioctl: the filter of a tap device, as struct sock_fprog (linux/if_tun.h). */
const TUNGETFILTER = 0x801054db;

/** Devices and firewall rules of the network namespaces that are part of the dump, and /dev/net/tun. */
export function judgeNetdevs(tree: Tree, report: Report): void {
  const { plan } = tree.around;
  if (plan.preDump) return;
  const tuns = openFilesOf(tree).all.filter(isTun);
  if (!tree.dumps("net")) {
    for (const file of tuns) {
      report.add({
        rule: "netdev-tun-fd",
        effect: "REFUSED",
        task: file.task,
        subject: `fd ${file.fd}`,
        reason: "it is /dev/net/tun, and the network namespace, which has the device, is not part of the dump",
        message: "Net namespace is required",
        options: [],
      });
    }
    return;
  }
  for (const file of tuns) judgeTun(tree, report, file);
  if (given(plan, "empty-ns", "net")) {
    for (const net of emptyNets(tree)) judgeEmpty(tree, report, net);
    return;
  }
  const open = netsOf(tree).filter((net) => !isExternalNet(tree, net));
  const tool = tree.around.sys.libc.getenv("CR_IP_TOOL") ?? "ip";
  if (open.length > 0 && findProgram(tree.around.sys, tool).path === null) {
    report.add({
      rule: "netdev-ip-tool",
      task: tree.root,
      subject: "network",
      reason: `there is no ${tool} in PATH, with which criu saves addresses, routes and rules`,
      values: ["addr", "save", "", ""],
    });
  }
  const held = new Set(tuns.map((file) => tunDevice(file.info ?? "")));
  for (const net of open) {
    judgeLinks(tree, report, net, held);
    judgeFirewall(tree, report, net);
  }
}

/** Network namespaces that are dumped without what is in them, since container engines set them up themselves. */
export function emptyNets(tree: Tree): Net[] {
  if (!given(tree.around.plan, "empty-ns", "net") || !tree.dumps("net")) return [];
  return netsOf(tree).filter((net) => !isExternalNet(tree, net));
}

/** A device that is up has addresses and routes, if only those of the loopback. */
function judgeEmpty(tree: Tree, report: Report, net: Net): void {
  const answer = askNet(tree.around, net, "NETLINK_ROUTE", linksRequest());
  const links = isRefusal(answer) ? [] : answer.flatMap(({ body }) => parseLink(body) ?? []);
  const up = links.filter((link) => link.up).map(({ name }) => name);
  if (up.length === 0) return;
  report.add({
    rule: "ns-net-empty",
    stage: "RESTORE",
    effect: "LOST",
    task: tree.root,
    subject: "network",
    reason: `${up.join(", ")} will be down and without addresses, unless whoever restores sets the network up`,
    message: null,
    options: [],
    remedy: "Have a hook of the container set its network up at restore, as engines above runc do.",
  });
}

function isTun(file: OpenFile): boolean {
  if (file.kind !== "PATH") return false;
  const { stat } = file;
  return stat !== null && (stat.mode & S_IFMT) === S_IFCHR && stat.rdevMajor === TUN_MAJOR &&
    stat.rdevMinor === TUN_MINOR;
}

function isExternalNet(tree: Tree, { inode }: Net): boolean {
  const key = `net[${inode}]`;
  return argumentsOf(tree.around.plan, "external").some((value) => value === key || value.startsWith(`${key}:`));
}

function judgeTun(tree: Tree, report: Report, file: OpenFile): void {
  const seen = { task: file.task, subject: `fd ${file.fd}` };
  report.add({
    ...seen,
    rule: "netdev-tun-fd",
    reason: "it is /dev/net/tun, whose namespace criu asks the kernel for",
    features: ["tun", "tun_ns"],
    message: "No net_ns",
  });
  const name = tunDevice(file.info ?? "");
  if (name === null) return;
  const { sys } = tree.around;
  const { memory } = sys;
  const mark = memory.mark();
  try {
    const filter = memory.alloc(16);
    const answer = borrow(sys, file.task, file.fd, (fd) => sys.try("ioctl", fd, TUNGETFILTER, filter));
    // A tun device has none, and says so by an error.
    if (isRefused(answer) || answer < 0 || memory.u16(filter) === 0) return;
    report.add({
      ...seen,
      rule: "netdev-tun-filter",
      reason: `the tap device ${name} has a socket filter`,
      values: [name],
    });
  } finally {
    memory.release(mark);
  }
}

function judgeLinks(tree: Tree, report: Report, net: Net, held: ReadonlySet<string | null>): void {
  const answer = askNet(tree.around, net, "NETLINK_ROUTE", linksRequest());
  if (isRefusal(answer)) {
    const reason = `the devices of its network namespace cannot be listed: ${answer.refused}`;
    const remedy = answer.refused === "EPERM" ? "inspect with CAP_SYS_ADMIN" : null;
    return report.unknown("netdev-known", tree.root, "network", reason, remedy);
  }
  for (const { body } of answer) {
    const link = parseLink(body);
    if (link) judgeLink(tree, report, net, link, held);
  }
}

function judgeLink(tree: Tree, report: Report, net: Net, link: Link, held: ReadonlySet<string | null>): void {
  const seen = { task: tree.root, subject: `device ${link.name}` };
  if (!isKnown(link)) {
    report.add({
      ...seen,
      rule: "netdev-unknown",
      stage: "RESTORE",
      effect: "RISK",
      reason: `the device ${link.name} is not restored by criu: the network has to be there before it starts`,
      message: null,
      options: [],
    });
    return report.add({
      ...seen,
      rule: "netdev-unknown",
      reason: `the device ${link.name} is of kind ${link.kind ?? "none that it tells"}, which criu does not know`,
      values: [link.index, link.type, link.kind ?? "(null)"],
      options: [`--external net[${net.inode}]:KEY`, "--empty-ns net"],
    });
  }
  if (link.kind === "tun" && !link.persistent && !held.has(link.name)) {
    report.add({
      ...seen,
      rule: "netdev-tun-foreign",
      reason: `the device ${link.name} is held by a process outside of the tree`,
      values: [link.name],
    });
  } else if (link.kind === "macvlan") {
    report.add({
      ...seen,
      rule: "netdev-parent-outside",
      reason: `the parent of ${link.name} has to be named at the restore`,
      values: [link.name],
      options: [`--external macvlan[${link.name}]:PARENT`],
      effect: "RISK",
    });
  } else if (link.kind === "veth" && link.peerElsewhere) {
    report.add({
      ...seen,
      rule: "netdev-known",
      stage: "RESTORE",
      effect: "RISK",
      reason: `the other end of ${link.name} is in another network namespace: the restore needs ` +
        `--external veth[${link.name}]:OUTER, or an engine that makes the network`,
      message: null,
    });
  }
}

/** Kinds by type of hardware, as criu sorts them; devices that every namespace has by itself are passed over. */
function isKnown({ type, kind, name }: Link): boolean {
  if (type === ARPHRD.LOOPBACK) return true;
  switch (type) {
    case ARPHRD.ETHER:
      return ["veth", "tun", "bridge", "macvlan"].includes(kind ?? "") || (kind === "gretap" && name === "gretap0");
    case ARPHRD.NONE:
      return kind === "tun";
    case ARPHRD.VOID:
      return kind === "venet";
    case ARPHRD.IPGRE:
      return kind === "gre" && name === "gre0";
    case ARPHRD.SIT:
      return kind === "sit";
  }
  return false;
}

/** Tables of the old iptables are told by /proc, those of nftables by netlink. */
function judgeFirewall(tree: Tree, report: Report, net: Net): void {
  const seen = { task: tree.root, subject: "firewall", rule: "netdev-firewall", message: null } as const;
  const task = tree.living.find((one) => one.ns("net") === net.inode) ?? tree.root;
  const names = ["ip_tables_names", "ip6_tables_names"];
  const legacy = names.some((name) =>
    (task.fact(`net/${name}`, (dir) => absentAsEmpty(dir, name)) ?? "").trim() !== ""
  );
  if (legacy) {
    report.add({
      ...seen,
      reason: "it has tables of iptables (legacy), which the restore writes with the same program",
      features: ["has_ipt_legacy"],
      without: "RISK",
    });
  }
  const NFT_GETTABLE = 10 << 8 | 1;
  const request = message(NFT_GETTABLE, NLM_F_REQUEST | NLM_F_DUMP, new Uint8Array(4));
  const answer = askNet(tree.around, net, "NETLINK_NETFILTER", request);
  if (isRefusal(answer) || answer.length === 0) return;
  report.add({
    ...seen,
    reason: "it has tables of nftables, which only a criu with libnftables restores",
    features: ["nftables"],
    without: "RISK",
  });
}

/** A kernel without these tables has no such file. */
function absentAsEmpty(dir: ProcDir, name: string): string {
  try {
    return dir.text(`net/${name}`);
  } catch (error) {
    if (error instanceof SysError && error.code === "ENOENT") return "";
    throw error;
  }
}
