import { type Comparison, comparison } from "../compare.ts";
import { judgeCgroups } from "./cgroups.ts";
import type { RestoreContext } from "./context.ts";
import { judgeCpu } from "./cpu.ts";
import { judgeFiles, judgeRemaps } from "./files.ts";
import { judgeKernel } from "./kernel.ts";
import { judgeNamespaces } from "./namespaces.ts";
import { judgeSecurity } from "./security.ts";
import { judgeSockets } from "./sockets.ts";
import { judgeTasks } from "./tasks.ts";
import { judgeTerminals } from "./terminals.ts";
import { judgeTree } from "./tree.ts";

/** Every judge of a dump, in the order in which a person would ask. */
const JUDGES = [
  judgeCpu,
  judgeKernel,
  judgeTree,
  judgeTasks,
  judgeNamespaces,
  judgeFiles,
  judgeRemaps,
  judgeSockets,
  judgeTerminals,
  judgeSecurity,
  judgeCgroups,
];

/** Whether this machine can restore a dump; nothing is started, and nothing stays changed. */
export function judgeDump(context: RestoreContext): Comparison {
  return comparison(JUDGES.flatMap((judge) => judge(context)));
}

/** The restore that was judged, ready to be pasted. */
export function restoreCommand(folder: string, { options }: RestoreContext): string {
  return ["criu restore", `-D ${quoted(folder)}`, ...options].join(" ");
}

function quoted(word: string): string {
  return /^[\w./:@%+=,-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
