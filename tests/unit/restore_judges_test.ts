import assert from "node:assert/strict";
import { create } from "@bufbuild/protobuf";
import { Sys } from "../../ffi/sys.ts";
import type { Item, Severity } from "../../fleet/item.ts";
import type { RestoreContext } from "../../fleet/restore/context.ts";
import { judgeCgroups } from "../../fleet/restore/cgroups.ts";
import { judgeCpu } from "../../fleet/restore/cpu.ts";
import { judgeDump, restoreCommand } from "../../fleet/restore/judge.ts";
import { judgeKernel } from "../../fleet/restore/kernel.ts";
import { judgeNamespaces } from "../../fleet/restore/namespaces.ts";
import { judgeSecurity } from "../../fleet/restore/security.ts";
import { judgeSockets } from "../../fleet/restore/sockets.ts";
import { judgeTasks } from "../../fleet/restore/tasks.ts";
import { judgeTerminals } from "../../fleet/restore/terminals.ts";
import { wantedPids } from "../../fleet/restore/tree.ts";
import { Host } from "../../host/host.ts";
import type { DumpedTask, DumpFacts } from "../../images/facts.ts";
import {
  CgroupControllerSchema,
  CgroupEntrySchema,
  InventorySchema,
  LsmType,
  Machine,
  MountEntrySchema,
  PluginsSchema,
  TaskIdsSchema,
  TtyInfoSchema,
  TtyPtySchema,
  TtyType,
  UnixSocketSchema,
} from "../../proto/gen/images_pb.ts";
import { fakeLibc, type FakeMachine } from "./fake_libc.ts";
import { MACHINE, machine, withVerdict } from "./machine_report.ts";

const NAMESPACES = {
  pidNsId: 1,
  netNsId: 2,
  ipcNsId: 3,
  utsNsId: 4,
  mntNsId: 5,
  userNsId: 6,
  cgroupNsId: 7,
  timeNsId: 8,
};
const ids = (changes: Partial<typeof NAMESPACES> = {}) =>
  create(TaskIdsSchema, { vmId: 1, filesId: 1, fsId: 1, sighandId: 1, ...NAMESPACES, ...changes });

const TASK: DumpedTask = {
  pid: 100,
  ppid: 0,
  pgid: 100,
  sid: 100,
  threads: [100],
  alive: true,
  name: "root",
  ids: ids(),
  compat: false,
  xstate: 7n,
  shadowStack: false,
  seccomp: false,
  profiles: [],
  badPolicies: [],
  strayTimer: false,
  tornSegment: false,
  highestDescriptor: 2,
  auxv: new Map([[16, 0x1f8bfbffn], [51, 1776n]]),
};

const FACTS: DumpFacts = {
  inventory: create(InventorySchema, { imgVersion: 2, rootIds: ids() }),
  machine: Machine.X86_64,
  tasks: [TASK],
  missing: [],
  withoutDescriptors: [],
  regFiles: [],
  inetSockets: [],
  unixSockets: [],
  externalFiles: 0,
  tunDevices: false,
  hugeMemfds: false,
  ttys: [],
  pathOnlyTerminal: false,
  remaps: new Map(),
  mounts: [],
  externalNamespaces: [],
  outerDevices: [],
  cgroup: undefined,
  cpu: undefined,
  kinds: new Set(),
};

const FILES = { "/proc/sys/kernel/seccomp/actions_avail": "kill", "/proc/sys/fs/nr_open": "1048576" };

function context(
  facts: Partial<DumpFacts> = {},
  changes: Partial<RestoreContext> = {},
  fake: FakeMachine = {},
): RestoreContext {
  const sys = new Sys(fakeLibc({ links: { "/proc/self": "4000" }, ...fake, files: { ...FILES, ...fake.files } }), []);
  const here = changes.here ?? MACHINE;
  return {
    facts: { ...FACTS, ...facts },
    sys,
    host: new Host(sys),
    here,
    source: null,
    mode: "none",
    root: null,
    engine: false,
    options: new Set(),
    verdict: (id) => here.kernel.findings.find((one) => one.id === id)?.verdict ?? "INCONCLUSIVE",
    ...changes,
  };
}

const task = (changes: Partial<DumpedTask>): DumpFacts["tasks"] => [{ ...TASK, ...changes }];
const inventory = (fields: Parameters<typeof create<typeof InventorySchema>>[1]) =>
  create(InventorySchema, { imgVersion: 2, rootIds: ids(), ...fields });
const unix = (fields: { ino: number; peer?: number; name?: string; uflags?: number }) =>
  create(UnixSocketSchema, {
    id: 1,
    type: 1,
    state: 1,
    uflags: 0,
    peer: 0,
    ...fields,
    name: new TextEncoder().encode(fields.name ?? ""),
  });
const pty = (rdev: number, index: number) =>
  create(TtyInfoSchema, { id: 1, type: TtyType.PTY, sid: 0, rdev, pty: create(TtyPtySchema, { index }) });

type Judge = (context: RestoreContext) => Item[];
type Row = readonly [judge: Judge, context: RestoreContext, id: string, severity: Severity];

const ROWS: readonly Row[] = [
  // Processor
  [judgeCpu, context({ machine: Machine.AARCH64 }), "architecture", "blocks"],
  [judgeCpu, context({ machine: Machine.UNKNOWN }), "architecture", "same"],
  [judgeCpu, context({ tasks: task({ xstate: 0x60007n }) }), "cpu.state-lost", "risk"],
  [judgeCpu, context({}, { mode: "safe" }), "cpu.traces", "risk"],
  [judgeCpu, context({ tasks: task({ auxv: new Map([[51, 99n]]) }) }, { mode: "safe" }), "cpu.traces", "risk"],
  [judgeCpu, context({ tasks: task({ xstate: 0xe7n }) }, { mode: "safe" }), "cpu.xfeatures", "blocks"],
  [judgeCpu, context({}, { mode: "safe", source: MACHINE }), "cpu", "same"],
  // Kernel and criu
  [judgeKernel, context({}, { here: withVerdict("ns_last_pid", "BLOCKED") }), "feature.ns_last_pid", "blocks"],
  [judgeKernel, context({}, { here: withVerdict("mem_dirty_track", "UNSUPPORTED") }), "features", "same"],
  [
    judgeKernel,
    context({ tasks: task({ compat: true }) }, { here: withVerdict("compat_cr", "UNSUPPORTED") }),
    "feature.compat_cr",
    "blocks",
  ],
  [judgeKernel, context({ tunDevices: true }, { here: withVerdict("tun", "INCONCLUSIVE") }), "feature.tun", "unknown"],
  [judgeKernel, context({}, { here: machine({ criu: null }) }), "criu", "risk"],
  [
    judgeKernel,
    context({ inventory: inventory({ pluginsEntry: create(PluginsSchema, { plugins: ["amdgpu_plugin"] }) }) }),
    "plugin.amdgpu_plugin",
    "blocks",
  ],
  [judgeKernel, context({ inventory: inventory({ allowUprobes: true }) }), "option.allow-uprobes", "advisory"],
  [judgeKernel, context({ kinds: new Set(["filelocks"]) }), "option.file-locks", "advisory"],
  // Tasks
  [judgeTasks, context({ tasks: task({ badPolicies: [6] }) }), "task.100.schedule", "blocks"],
  [judgeTasks, context({ tasks: task({ strayTimer: true }) }), "task.100.timer", "blocks"],
  [judgeTasks, context({ tasks: task({ tornSegment: true }) }), "task.100.segment", "blocks"],
  [judgeTasks, context({ tasks: task({ highestDescriptor: 1048575 }) }), "task.100.descriptors", "blocks"],
  [judgeTasks, context({ tasks: task({ highestDescriptor: 1048000 }) }), "tasks", "same"],
  // Namespaces
  [judgeNamespaces, context({ tasks: task({ ids: ids({ userNsId: 60 }) }) }), "namespace.user", "blocks"],
  [
    judgeNamespaces,
    context({ tasks: task({ ids: ids({ timeNsId: 80 }) }) }, { here: withVerdict("timens", "UNSUPPORTED") }),
    "feature.timens",
    "blocks",
  ],
  [
    judgeNamespaces,
    context({ tasks: task({ ids: ids({ ipcNsId: 30 }) }) }, { here: machine({ namespaces: [] }) }),
    "namespace.ipc",
    "blocks",
  ],
  [
    judgeNamespaces,
    context({ tasks: [TASK, { ...TASK, pid: 101, ppid: 100, ids: ids({ netNsId: 20 }) }] }),
    "namespace.net",
    "blocks",
  ],
  [
    judgeNamespaces,
    context({
      tasks: [{ ...TASK, ids: ids({ netNsId: 19 }) }, { ...TASK, pid: 101, ppid: 100, ids: ids({ netNsId: 20 }) }],
    }),
    "namespaces",
    "same",
  ],
  [judgeNamespaces, context({ externalNamespaces: ["extRootNetNS"] }), "external.extRootNetNS", "unknown"],
  [
    judgeNamespaces,
    context({ externalNamespaces: ["extRootNetNS"] }, { engine: true }),
    "external.extRootNetNS",
    "advisory",
  ],
  [judgeNamespaces, context({ outerDevices: [{ name: "eth0", kind: "veth" }] }), "device.eth0", "unknown"],
  [
    judgeNamespaces,
    context(
      {
        tasks: task({ ids: ids({ mntNsId: 50 }) }),
        mounts: [
          create(MountEntrySchema, { mntId: 1, parentMntId: 0, mountpoint: "/" }),
          create(MountEntrySchema, {
            mntId: 2,
            parentMntId: 1,
            mountpoint: "/o",
            fstype: 17,
            options: "lowerdir=/a:/b,upperdir=/c",
          }),
        ],
      },
      {},
      { files: { "/a": "" } },
    ),
    "mount./o",
    "blocks",
  ],
  // Sockets
  [judgeSockets, context({ unixSockets: [unix({ ino: 5, peer: 6 })] }), "socket.unix.5", "blocks"],
  [judgeSockets, context({ unixSockets: [unix({ ino: 5, peer: 6 }), unix({ ino: 6, peer: 5 })] }), "sockets", "same"],
  [
    judgeSockets,
    context({ unixSockets: [unix({ ino: 6, name: "/run/x", uflags: 1 })] }),
    "socket.unix./run/x",
    "blocks",
  ],
  [
    judgeSockets,
    context({ unixSockets: [unix({ ino: 6, name: "/run/x", uflags: 1 })] }, {}, { files: { "/run/x": "" } }),
    "option.ext-unix-sk",
    "advisory",
  ],
  [judgeSockets, context({ inventory: inventory({ tcpClose: true }) }), "option.tcp-close", "advisory"],
  // Terminals
  [judgeTerminals, context({ ttys: [pty(136 << 8 | 3, 3)] }), "option.shell-job", "advisory"],
  [judgeTerminals, context({ ttys: [pty(136 << 8 | 3, 3)] }), "terminal", "risk"],
  [judgeTerminals, context({ pathOnlyTerminal: true }), "terminal.path", "blocks"],
  // Security
  [
    judgeSecurity,
    context({ tasks: task({ profiles: ["p"] }), inventory: inventory({ lsmtype: LsmType.SELINUX }) }),
    "lsm",
    "blocks",
  ],
  [
    judgeSecurity,
    context({ tasks: task({ profiles: ["p (enforce)"] }), inventory: inventory({ lsmtype: LsmType.APPARMOR }) }, {}, {
      files: { "/sys/kernel/security/apparmor/profiles": "q (enforce)\n" },
    }),
    "lsm.p (enforce)",
    "blocks",
  ],
  [
    judgeSecurity,
    context({ tasks: task({ profiles: ["p"] }), inventory: inventory({ lsmtype: LsmType.APPARMOR }) }),
    "lsm.p",
    "unknown",
  ],
  // Cgroups
  [
    judgeCgroups,
    context({
      cgroup: create(CgroupEntrySchema, { controllers: [create(CgroupControllerSchema, { cnames: ["memory"] })] }),
    }),
    "cgroups",
    "blocks",
  ],
  [
    judgeCgroups,
    context({ cgroup: create(CgroupEntrySchema, { controllers: [create(CgroupControllerSchema, { cnames: [""] })] }) }),
    "cgroups",
    "same",
  ],
];

for (const [judge, given, id, severity] of ROWS) {
  Deno.test(`${judge.name}: ${id} is ${severity}`, () => {
    const items = judge(given);
    const item = items.find((one) => one.id === id);
    assert.equal(item?.severity, severity, JSON.stringify(items, null, 1));
    if (severity !== "same") assert.notEqual(item.reason, "");
  });
}

Deno.test("a pair of a terminal is no job of a shell", () => {
  assert.deepEqual(judgeTerminals(context({ ttys: [pty(136 << 8 | 3, 3), pty(5 << 8 | 2, 3)] })), []);
});

Deno.test("the pids that are wanted: tasks, threads, and leaders that are gone", () => {
  const tasks = [TASK, { ...TASK, pid: 101, ppid: 100, threads: [101, 105], pgid: 90, sid: 100 }];
  assert.deepEqual([...wantedPids(tasks, false)].sort((a, b) => a - b), [90, 100, 101, 105]);
  const job = [{ ...TASK, sid: 50, pgid: 60 }];
  assert.deepEqual([...wantedPids(job, true)], [100], "the shell's session and group become those of criu");
});

Deno.test("the command has every option once, and quotes what a shell would take apart", () => {
  const given = context({
    inventory: inventory({ tcpClose: true }),
    kinds: new Set(["filelocks"]),
    tasks: task({ sid: 50 }),
  });
  judgeDump(given);
  assert.equal(
    restoreCommand("/var/my dumps/1", given),
    "criu restore -D '/var/my dumps/1' --file-locks --shell-job --tcp-close",
  );
});
