import { SysError, TimeoutError } from "../../ffi/errno.ts";
import { type NetDevice, netDevices } from "../net_devices.ts";
import type { OpenFile } from "../open_file.ts";
import { openFilesOf } from "../open_files.ts";
import { given } from "../plan.ts";
import type { Report } from "../report.ts";
import type { Task } from "../task.ts";
import type { Tree } from "../tree.ts";

// linux/if_arp.h
const ARPHRD_ETHER = 1;
const ARPHRD_LOOPBACK = 772;
const ARPHRD_SIT = 776;
const ARPHRD_IPGRE = 778;
const ARPHRD_VOID = 0xffff;
const ARPHRD_NONE = 0xfffe;
/** Kinds that criu makes anew, by the type of their links (dump_one_link). */
const KNOWN: Readonly<Record<number, readonly string[]>> = {
  [ARPHRD_ETHER]: ["veth", "tun", "bridge", "macvlan"],
  [ARPHRD_NONE]: ["tun"],
  [ARPHRD_VOID]: ["venet"],
  [ARPHRD_SIT]: ["sit"],
};
/** Devices that a module puts into every network namespace, and that criu passes over. */
const FALLBACK: Readonly<Record<string, number>> = { gretap0: ARPHRD_ETHER, gre0: ARPHRD_IPGRE, sit0: ARPHRD_SIT };

/** Devices of the network namespaces that are part of the dump. */
export function judgeNetDevices(tree: Tree, report: Report): void {
  if (!tree.dumps("net")) {
    judgeTunOutside(tree, report);
    return;
  }
  if (given(tree.around.plan, "empty-ns", "net")) return;
  const seen = new Set<number>();
  for (const task of tree.living) {
    const inode = task.kernelThread ? null : task.ns("net");
    if (inode === null || inode === tree.around.caller.ns("net") || seen.has(inode)) continue;
    seen.add(inode);
    const { options } = tree.around.plan;
    if (options.some(({ name, value }) => name === "external" && value?.startsWith(`net[${inode}]`))) continue;
    const devices = devicesOf(tree, task);
    for (const device of devices ?? []) judgeDevice(tree, report, task, inode, device);
  }
}

function devicesOf(tree: Tree, task: Task): NetDevice[] | null {
  return task.fact("ns/net devices", () => {
    try {
      return netDevices(tree.around.sys, task);
    } catch (error) {
      if (error instanceof TimeoutError) throw new SysError(error.call, 110 /* ETIMEDOUT */);
      throw error;
    }
  }, "CAP_SYS_ADMIN");
}

function judgeDevice(tree: Tree, report: Report, task: Task, inode: number, device: NetDevice): void {
  const { name, type, kind, index } = device;
  const subject = `device ${name}`;
  if (type === ARPHRD_LOOPBACK || (kind !== null && FALLBACK[name] === type)) return;
  if (kind === null || !(KNOWN[type] ?? []).includes(kind)) {
    report.add({
      rule: "netdev-unknown",
      task,
      subject,
      reason: kind === null
        ? "it is hardware, or has no kind that criu could make anew"
        : `criu cannot make a ${kind} anew`,
      values: [index, type, kind ?? "(null)"],
      options: [`--external net[${inode}]:netns`, "--empty-ns net"],
    });
    return;
  }
  if (kind === "tun") {
    if (device.persistent === false && !holders(tree, name)) {
      report.add({
        rule: "netdev-tun-foreign",
        task,
        subject,
        reason: "nobody in the tree has it open, and it would not stay without",
        values: [name],
      });
    }
    return;
  }
  const external = kind === "veth" && device.crosses
    ? `veth[${name}]:OUTSIDE`
    : kind === "macvlan"
    ? `macvlan[${name}]:PARENT`
    : null;
  if (external === null) return;
  report.add({
    rule: "netdev-known",
    task,
    subject,
    reason: `its other side is in another network namespace: restore needs --external ${external}`,
    stage: "RESTORE",
    effect: "RISK",
    message: null,
    options: [`--external ${external}`],
  });
}

/** The device of tun and tap: 10:200, wherever its node is. */
function isTun(file: OpenFile): boolean {
  return file.kind === "PATH" && file.link.endsWith("tun") && file.stat?.rdevMajor === 10 &&
    file.stat.rdevMinor === 200;
}

/** Whether a task of the tree has a tun device open (`iff:` in fdinfo). */
function holders(tree: Tree, name: string): boolean {
  return openFilesOf(tree).all.some((file) => isTun(file) && /^iff:\s*(.*)$/m.exec(file.info ?? "")?.[1] === name);
}

function judgeTunOutside(tree: Tree, report: Report): void {
  for (const file of openFilesOf(tree).all) {
    if (!isTun(file)) continue;
    report.add({
      rule: "netdev-tun-fd",
      task: file.task,
      subject: `fd ${file.fd}`,
      reason: "it is a tun device of a network namespace that is not part of the dump",
      effect: "REFUSED",
    });
  }
}
