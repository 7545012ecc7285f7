import { SysError } from "../ffi/errno.ts";
import { entries, readText } from "../ffi/files.ts";
import type { Sys } from "../ffi/sys.ts";
import { becomeUser, renouncePrivileges } from "../ffi/unprivileged.ts";
import type { User } from "../host/passwd.ts";
import { parseStatus } from "../proc/status.ts";
import { StartError } from "./listeners.ts";

/**
 * Gives up what the serving process does not need: `user` becomes its user, with no capability in any thread; then no
 * thread can gain privileges again. Looks afterwards, and throws `StartError` where something is left.
 */
export function giveUpPrivileges(sys: Sys, user: User | null): void {
  try {
    if (user) becomeUser(user.uid, user.gid);
    renouncePrivileges(sys);
  } catch (error) {
    if (error instanceof SysError) throw new StartError(`cannot give up privileges: ${error.message}`);
    throw error;
  }
  if (!user) return;
  for (const thread of entries(sys, "/proc/self/task")) {
    let text: string;
    try {
      text = readText(sys, `/proc/self/task/${thread}/status`);
    } catch (error) {
      if (error instanceof SysError && (error.code === "ENOENT" || error.code === "ESRCH")) continue; // it has ended
      throw error;
    }
    const { uids, effective } = parseStatus(text);
    if (uids.some((uid) => uid !== user.uid) || effective !== 0n || !/^CapPrm:\s*0+$/m.test(text)) {
      throw new StartError(`cannot give up privileges: thread ${thread} has kept some`);
    }
  }
}
