import assert from "node:assert/strict";
import { faultyMounts, type MountNamespace, type MountOptions } from "../../../inspect/mounts.ts";
import { parseMountinfo } from "../../../proc/mountinfo.ts";

const NONE: MountOptions = {
  auto: false,
  masters: false,
  sharing: false,
  external: new Set(),
  devices: new Set(),
  enabled: new Set(),
  skipped: new Set(),
};

/** What a container of a usual engine has: an overlay, kernel file systems, volumes of the host's disk. */
const CONTAINER = `
100 99 0:50 / / rw - overlay overlay rw,lowerdir=/l,upperdir=/u,workdir=/w
101 100 0:51 / /proc rw - proc proc rw
102 100 0:52 / /dev rw - tmpfs tmpfs rw,mode=755
103 102 0:53 / /dev/pts rw - devpts devpts rw,gid=5
104 100 0:54 / /sys ro - sysfs sysfs ro
105 100 8:1 /var/lib/e/hosts /etc/hosts rw - ext4 /dev/sda1 rw,data=ordered
106 100 8:1 /srv/data /data rw - ext4 /dev/sda1 rw,data=ordered
107 101 0:51 /sys /proc/sys ro - proc proc rw
`;
const HOST = `
20 1 8:1 / / rw shared:1 - ext4 /dev/sda1 rw,data=ordered
21 20 0:21 / /proc rw shared:2 - proc proc rw
`;

const mounts = (text: string) => parseMountinfo(text.trimStart());
const root = (text: string): MountNamespace => ({ kind: "ROOT", mounts: mounts(text) });

function faults(namespaces: readonly MountNamespace[], options: Partial<MountOptions> = {}, outside = HOST): string[] {
  return faultyMounts(namespaces, mounts(outside), { ...NONE, ...options }, false).map(({ mount, fault }) =>
    `${fault} ${mount.point}`
  );
}

Deno.test("volumes have no root mount in a container, the last one first", () => {
  assert.deepEqual(faults([root(CONTAINER)]), ["bind /data", "bind /etc/hosts"]);
});

Deno.test("a volume that is named external is none any more, nor is what can be bound from it", () => {
  assert.deepEqual(faults([root(CONTAINER)], { external: new Set(["/data", "/etc/hosts"]) }), []);
  const below = `${CONTAINER}108 106 8:1 /srv/data/deep /data/deep rw - ext4 /dev/sda1 rw,data=ordered\n`;
  assert.deepEqual(faults([root(below)], { external: new Set(["/data", "/etc/hosts"]) }), []);
});

Deno.test("volumes of private mounts are found by --external mnt[], shared ones only with their form", () => {
  assert.deepEqual(faults([root(CONTAINER)], { auto: true }), []);
  const shared = CONTAINER.replace("/data rw -", "/data rw shared:9 -");
  assert.deepEqual(faults([root(shared)], { auto: true }), ["bind /data"]);
  assert.deepEqual(faults([root(shared)], { auto: true, sharing: true }), []);
});

Deno.test("a mount that receives from outside needs that to be permitted", () => {
  const slave = CONTAINER.replace("/data rw -", "/data rw master:1 -");
  assert.deepEqual(faults([root(slave)]), ["master /data", "bind /data", "bind /etc/hosts"]);
  assert.deepEqual(faults([root(slave)], { auto: true }), ["master /data", "bind /data"]);
  assert.deepEqual(faults([root(slave)], { auto: true, masters: true }), []);
  assert.deepEqual(faults([root(slave)], { external: new Set(["/data", "/etc/hosts"]) }), []);
});

Deno.test("the root of a file system that criu does not know needs an option of its own", () => {
  const disk = `${CONTAINER}109 100 8:2 / /mnt rw - xfs /dev/sda2 rw\n`;
  const volumes = new Set(["/data", "/etc/hosts"]);
  assert.deepEqual(faults([root(disk)], { external: volumes }), ["type /mnt"]);
  assert.deepEqual(faults([root(disk)], { external: volumes, enabled: new Set(["xfs"]) }), []);
  assert.deepEqual(faults([root(disk)], { external: volumes, devices: new Set(["8/2"]) }), []);
  assert.deepEqual(faults([root(disk)], { external: volumes, skipped: new Set(["/mnt"]) }), []);
});

Deno.test("a FUSE mount is refused unless it is external, whatever its subtype", () => {
  const fuse = `${CONTAINER}110 100 0:60 / /f rw - fuse.sshfs h: rw,user_id=0\n`;
  const volumes = ["/data", "/etc/hosts"];
  assert.deepEqual(faults([root(fuse)], { external: new Set(volumes) }), ["fuse /f"]);
  assert.deepEqual(faults([root(fuse)], { external: new Set([...volumes, "/f"]) }), []);
});

Deno.test("mountpoints are external in the root's namespace alone", () => {
  const other: MountNamespace = { kind: "OTHER", mounts: mounts(CONTAINER.replaceAll(/^(\d+) (\d+)/gm, "9$1 9$2")) };
  const own = root(CONTAINER.replaceAll(/^10[56].*\n/gm, ""));
  assert.deepEqual(faults([own, other], { external: new Set(["/data", "/etc/hosts"]) }), [
    "bind /data",
    "bind /etc/hosts",
  ]);
});
