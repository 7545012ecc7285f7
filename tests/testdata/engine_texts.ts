import type { Engine } from "../../why/engines.ts";

/** What an engine really said, from its source or a report; ids are shortened. */
export interface EngineText {
  /** Where the text is from. */
  readonly source: string;
  readonly text: string;
  readonly engine: Engine;
  /** Rules and other causes that it names, in order. */
  readonly causes: readonly string[];
  /** Where it says that criu's log lies. */
  readonly logFiles: readonly string[];
  readonly exit: 0 | 1;
  /** The line of `cready why` that tells where a missing option goes. */
  readonly placement?: RegExp;
}

export const ENGINE_TEXTS: readonly EngineText[] = [
  {
    source: "runc 1.1.5 on Debian 12, a container that holds a lock, run by ourselves",
    text: `time="2026-11-24T14:01:34Z" level=error msg="container still running"
time="2026-11-24T14:01:34Z" level=error msg="criu failed: type NOTIFY errno 0\\nlog file: /run/work/dump.log"
`,
    engine: "RUNC",
    causes: [],
    logFiles: ["/run/work/dump.log"],
    exit: 1,
  },
  {
    source: "docker over containerd and runc, checkpoint-restore/criu#1128",
    text:
      "Error response from daemon: Cannot checkpoint container web-1: runc did not terminate sucessfully: criu failed: type NOTIFY errno 0 path= /run/containerd/io.containerd.runtime.v1.linux/moby/a5d93b8a37817fe5/criu-dump.log: unknown\n",
    engine: "CONTAINERD",
    causes: [],
    logFiles: ["/run/containerd/io.containerd.runtime.v1.linux/moby/a5d93b8a37817fe5/criu-dump.log"],
    exit: 1,
  },
  {
    source: "docker with an rpc error and escaped line breaks, checkpoint-restore/criu#2179",
    text:
      'Error response from daemon: Cannot checkpoint container 307baf18593a: rpc error: code = 2 desc = exit status 1: "criu failed: type NOTIFY errno 0\\nlog file: /var/lib/docker/containers/307baf18593a/checkpoints/one/criu.work/dump.log\\n"\n',
    engine: "CONTAINERD",
    causes: [],
    logFiles: ["/var/lib/docker/containers/307baf18593a/checkpoints/one/criu.work/dump.log"],
    exit: 1,
  },
  {
    source: "podman over runc, podman-container-tools/podman#11001",
    text: `ERRO[0000] criu failed: type NOTIFY errno 0
log file: /var/lib/containers/storage/overlay-containers/a84fc6f6f29369b6/userdata/dump.log
Error: \`/usr/bin/runc checkpoint --image-path /var/lib/containers/storage/overlay-containers/a84fc6f6f29369b6/userdata/checkpoint --work-path /var/lib/containers/storage/overlay-containers/a84fc6f6f29369b6/userdata --leave-running a84fc6f6f29369b6\` failed: exit status 1
`,
    engine: "PODMAN",
    causes: [],
    logFiles: ["/var/lib/containers/storage/overlay-containers/a84fc6f6f29369b6/userdata/dump.log"],
    exit: 1,
  },
  {
    source: "podman over crun, checkpoint-restore/criu#2011",
    text: `2022-12-05T08:46:43.000805148Z: CRIU checkpointing failed -52
Please check CRIU logfile /var/lib/containers/storage/overlay-containers/64cd2721f6214843/userdata/dump.log

Error: \`/usr/bin/crun checkpoint --image-path /var/lib/containers/storage/overlay-containers/64cd2721f6214843/userdata/checkpoint 64cd2721f6214843\` failed: exit status 1
`,
    engine: "PODMAN",
    causes: [],
    logFiles: ["/var/lib/containers/storage/overlay-containers/64cd2721f6214843/userdata/dump.log"],
    exit: 1,
  },
  {
    source: "kubelet over CRI-O and runc, checkpoint-restore/criu#2594",
    text:
      'checkpointing of default/user-5c57b749d8-4bx8t/user failed (rpc error: code = Unknown desc = failed to checkpoint container 87ea0f1e6cf80fca: running "/usr/bin/runc" ["checkpoint" "--file-locks" "--image-path" "/var/lib/containers/storage/overlay-containers/87ea0f1e6cf80fca/userdata/checkpoint" "--leave-running" "87ea0f1e6cf80fca"] failed: `/usr/bin/runc --root /run/runc --systemd-cgroup checkpoint --file-locks 87ea0f1e6cf80fca` failed: time="2025-02-10T01:38:52+08:00" level=error msg="criu failed: type NOTIFY errno 0\\nlog file: /var/lib/containers/storage/overlay-containers/87ea0f1e6cf80fca/userdata/dump.log"\n: exit status 1)\n',
    engine: "CRIO",
    causes: [],
    logFiles: ["/var/lib/containers/storage/overlay-containers/87ea0f1e6cf80fca/userdata/dump.log"],
    exit: 1,
  },
  {
    source: "CRI-O's own log of a restore, checkpoint-restore/criu#2366",
    text:
      'Jul 08 15:06:14 node2 crio[319557]: time="2024-07-08 15:06:14.524586307Z" level=error msg="Container restore error: time=\\"2024-07-08T15:06:14Z\\" level=error msg=\\"criu failed: type NOTIFY errno 0\\\\nlog file: /run/containers/storage/overlay-containers/86f4a4965add7563/userdata/restore.log\\"\\n" id=055532ff name=/runtime.v1.RuntimeService/StartContainer\n',
    engine: "CRIO",
    causes: [],
    logFiles: ["/run/containers/storage/overlay-containers/86f4a4965add7563/userdata/restore.log"],
    exit: 1,
  },
  {
    source: "kubelet over containerd without criu, kubernetes/kubernetes#140560",
    text:
      'checkpointing of ns-7128/checkpoint-container-pod/test-container-1 failed (rpc error: code = Unknown desc = failed to checkpoint container \\"7bc2694c41c0a9ba\\": criu binary not found in shim path or system PATH)\n',
    engine: "CONTAINERD",
    causes: ["criu-absent"],
    logFiles: [],
    exit: 0,
  },
  {
    source: "docker over a crun without criu, checkpoint-restore/criu#1291",
    text:
      "Error response from daemon: Cannot checkpoint container cr: /usr/local/bin/crun did not terminate sucessfully: unknown command checkpoint path= /run/containerd/io.containerd.runtime.v1.linux/moby/2703213fe2b0f727/criu-dump.log: unknown\n",
    engine: "CONTAINERD",
    causes: ["runtime-without-checkpoint"],
    logFiles: ["/run/containerd/io.containerd.runtime.v1.linux/moby/2703213fe2b0f727/criu-dump.log"],
    exit: 0,
  },
  {
    source: "runc that quotes criu's log, opencontainers/runc libcontainer/criu_linux.go",
    text: `time="2025-02-10T01:38:52Z" level=warning msg="--- Quoting \\"/run/runc/web/criu.work/dump.log\\""
time="2025-02-10T01:38:52Z" level=warning msg="757:(00.094745) 13112 fdinfo 8: pos:                0 flags:                2/0x1"
time="2025-02-10T01:38:52Z" level=warning msg="759:(00.094759) sockets: Searching for socket 0x38e0b family 2"
time="2025-02-10T01:38:52Z" level=warning msg="760:(00.094760) Error (criu/sk-inet.c:200): inet: Connected TCP socket, consider using --tcp-established option."
time="2025-02-10T01:38:52Z" level=warning msg="765:(00.094770) Error (criu/cr-dump.c:1698): Dump files (pid: 13112) failed with -1"
time="2025-02-10T01:38:52Z" level=warning msg="778:(00.094945) Error (criu/cr-dump.c:2128): Dumping FAILED."
time="2025-02-10T01:38:52Z" level=warning msg=---
time="2025-02-10T01:38:52Z" level=error msg="criu failed: type NOTIFY errno 0"
`,
    engine: "RUNC",
    causes: ["tcp-connected: 13112 fd 8"],
    logFiles: ["/run/runc/web/criu.work/dump.log"],
    exit: 0,
    placement: /^ {2}runc +give --tcp-established, or put tcp-established into \/etc\/criu\/runc\.conf$/m,
  },
  {
    source: "crun that quotes criu's log, containers/crun src/libcrun/criu.c",
    text: `2026-02-10T01:38:52.000000Z: --- excerpt from CRIU log \`/run/crun/web/dump.log\`
2026-02-10T01:38:52.000000Z: (00.022000) Error (criu/files-reg.c:1200): Can't create link remap for /var/log/app.log. Use link-remap option.
2026-02-10T01:38:52.000000Z: (00.022100) Error (criu/cr-dump.c:2128): Dumping FAILED.
2026-02-10T01:38:52.000000Z: --- end of excerpt
2026-02-10T01:38:52.000000Z: CRIU checkpointing failed: -52
`,
    engine: "CRUN",
    causes: ["file-deleted-linked"],
    logFiles: ["/run/crun/web/dump.log"],
    exit: 0,
    placement: /^ {2}crun +put link-remap into \/etc\/criu\/crun\.conf \(crun reads it with criu 4\.2 or newer\)$/m,
  },
  {
    source: "docker with a mount that criu does not know, its log pasted behind it, checkpoint-restore/criu#1632",
    text:
      `Error response from daemon: Cannot checkpoint container 8008: runc did not terminate successfully: criu failed: type NOTIFY errno 0 path= /run/containerd/io.containerd.runtime.v2.task/moby/80082c45f2eb/criu-dump.log: unknown
(00.134990) Error (criu/mount.c:1088): mnt: Mount 1629 ./var/lib/mysql (master_id: 5 shared_id: 0) has unreachable sharing. Try --enable-external-masters.
(00.135200) Error (criu/cr-dump.c:1869): Dumping FAILED.
`,
    engine: "CONTAINERD",
    causes: ["mnt-external-master"],
    logFiles: ["/run/containerd/io.containerd.runtime.v2.task/moby/80082c45f2eb/criu-dump.log"],
    exit: 0,
    placement: /^ {2}containerd +put external mnt\[\]:m into \/etc\/criu\/runc\.conf$/m,
  },
  {
    source: "docker, repair mode refused, checkpoint-restore/criu#591",
    text:
      `Cannot checkpoint container: rpc error: code = 2 desc = exit status 1: "criu failed: type NOTIFY errno 0" containerd
(00.044000) Error (soccr/soccr.c:70): Can't turn TCP repair mode ON: Operation not permitted
`,
    engine: "CONTAINERD",
    causes: ["tcp-repair-permission"],
    logFiles: [],
    exit: 0,
  },
  {
    source: "podman as an ordinary user, containers/podman cmd/podman/containers/checkpoint.go",
    text: "Error: podman: checkpointing a container requires root\n",
    engine: "PODMAN",
    causes: ["engine-rootless"],
    logFiles: [],
    exit: 0,
  },
  {
    source: "podman with an old criu, containers/podman pkg/criu/criu_linux.go",
    text: "Error: podman: checkpoint/restore requires at least CRIU 31600, current version is 31500\n",
    engine: "PODMAN",
    causes: ["criu-too-old"],
    logFiles: [],
    exit: 0,
  },
  {
    source: "runc with an old criu, opencontainers/runc libcontainer/criu_linux.go",
    text: 'time="2026-01-01T00:00:00Z" level=error msg="runc: CRIU version 21200 must be 30000 or higher"\n',
    engine: "RUNC",
    causes: ["criu-too-old"],
    logFiles: [],
    exit: 0,
  },
  {
    source: "crun without the library, containers/crun src/libcrun/criu.c",
    text:
      "2026-02-10T01:38:52.000000Z: crun: could not load `libcriu.so.2`: `libcriu.so.2: cannot open shared object file: No such file or directory`\n",
    engine: "CRUN",
    causes: ["criu-absent"],
    logFiles: [],
    exit: 0,
  },
];
