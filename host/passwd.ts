import type { Sys } from "../ffi/sys.ts";
import { tryReadText } from "../ffi/files.ts";

/** A user, as far as it matters who a process is. */
export interface User {
  readonly uid: number;
  readonly gid: number;
}

const HIGHEST = 0xfffffffe;

/** The user of a name in /etc/passwd (passwd(5)), or of a number; undefined where there is none. */
export function userNamed(sys: Sys, name: string): User | undefined {
  const lines = (tryReadText(sys, "/etc/passwd") ?? "").split("\n").map((line) => line.split(":"));
  const number = /^[0-9]{1,10}$/.test(name) ? Number(name) : undefined;
  const line = lines.find((fields) => fields[0] === name) ?? lines.find((fields) => fields[2] === name);
  const uid = line ? Number(line[2]) : number, gid = line ? Number(line[3]) : number;
  if (uid === undefined || gid === undefined || !(uid <= HIGHEST) || !(gid <= HIGHEST)) return undefined;
  return { uid, gid };
}
