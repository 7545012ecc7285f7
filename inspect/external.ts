import { makedev, type Statx } from "../proc/statx.ts";
import { argumentsOf, type DumpPlan } from "./plan.ts";

/** Names a file for `--external` and `--inherit-fd`, as criu makes it up: both numbers hexadecimal. */
export function fileKey(mount: number | null, { ino }: Statx): string {
  return `file[${((mount ?? -1) >>> 0).toString(16)}:${ino.toString(16)}]`;
}

/** Names a terminal: the device that it is, and the device that its node is on, both hexadecimal. */
export function ttyKey({ rdevMajor, rdevMinor, major, minor }: Statx): string {
  return `tty[${makedev(rdevMajor, rdevMinor).toString(16)}:${makedev(major, minor).toString(16)}]`;
}

/** Whether `--external` names it. */
export function isExternal(plan: DumpPlan, key: string): boolean {
  return argumentsOf(plan, "external").some((value) => value === key || value.startsWith(`${key}:`));
}
