import type { InspectionRecord, ObstacleRecord } from "../../report/inspection_record.ts";

const PROCESS = {
  id: "4711@123456",
  pid: 4711,
  name: "redis\\x0aserver",
  uid: null,
  cgroup: "/system.slice",
  threads: 5,
  unreadable: [{ path: "/proc/4711/status", errno: "EACCES", needs: null }],
};
const CHILD = { ...PROCESS, id: "4712@123457", pid: 4712 };

const OBSTACLES: readonly ObstacleRecord[] = [
  {
    rule: "lock-any",
    stage: "DUMP",
    effect: "NEEDS_OPTION",
    process: CHILD,
    subject: "fd 8",
    reason: 'a "quoted" reason',
    message: "Some file locks are hold by dumping tasks!",
    options: ["--file-locks"],
    features: [],
    remedy: null,
  },
  {
    rule: "fd-eventpoll-escaped",
    stage: "RESTORE",
    effect: "RISK",
    process: PROCESS,
    subject: "fd 9",
    reason: "a reason",
    message: null,
    options: [],
    features: ["kcmp_epoll", "tun"],
    remedy: "a remedy",
  },
];

/** An inspection with every kind of field filled in and left out. */
export const INSPECTION: InspectionRecord = {
  process: PROCESS,
  dump: "NEEDS_OPTIONS",
  restore: "AT_RISK",
  options: [{ text: "--file-locks", effect: "", instead: ["--other"], obstacles: [OBSTACLES[0]!], obstaclesTotal: 1 }],
  obstacles: OBSTACLES,
  totals: { DUMP: 1, RESTORE: 1 },
  unreadable: PROCESS.unreadable,
  assumptions: ["no LDT"],
  command: "criu dump -t 4711 -D DIR --file-locks",
  criu: { version: "4.2.1", path: null },
  engine: "CRIU",
  tasks: 2,
  stoppedMs: null,
  durationMs: 1.25,
};
