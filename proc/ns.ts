import { ProcParseError } from "./error.ts";

/** The names in /proc/PID/ns (proc_pid_ns(5)) that criu looks at. */
export const NS_KINDS = ["net", "ipc", "uts", "pid", "mnt", "user", "cgroup", "time"] as const;
/** A kind of namespace. */
export type NsKind = (typeof NS_KINDS)[number];

/** Parses a link of /proc/PID/ns, such as `net:[4026531840]`; returns the inode. */
export function parseNsLink(link: string): number {
  const found = /^[a-z_]+:\[(\d+)\]$/.exec(link);
  if (!found) throw new ProcParseError("ns", `a type and an inode, not ${JSON.stringify(link)}`);
  return Number(found[1]);
}
