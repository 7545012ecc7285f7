import { judgeAttributes } from "./judges/attributes.ts";
import { judgeCgroups } from "./judges/cgroups.ts";
import { judgeDescriptors } from "./judges/descriptors.ts";
import { judgeEnvironment } from "./judges/environment.ts";
import { judgeIpc } from "./judges/ipc.ts";
import { judgeLocks } from "./judges/locks.ts";
import { judgeLsm } from "./judges/lsm.ts";
import { judgeMemory } from "./judges/memory.ts";
import { judgeMounts } from "./judges/mounts.ts";
import { judgeNamespaces } from "./judges/namespaces.ts";
import { judgeNetdevs } from "./judges/netdev.ts";
import { judgeNotKept } from "./judges/not_kept.ts";
import { judgePlaces } from "./judges/places.ts";
import { judgeSeccomp } from "./judges/seccomp.ts";
import { judgeSessions } from "./judges/session.ts";
import { judgeSharing } from "./judges/sharing.ts";
import { judgeSockets } from "./judges/sockets.ts";
import { judgeTerminals } from "./judges/terminals.ts";
import { judgeTimers } from "./judges/timers.ts";
import { judgeTree } from "./judges/tree.ts";
import type { Report } from "./report.ts";
import type { Tree } from "./tree.ts";

/** Walks the facts of one domain once and reports what stands in the way. May throw `GoneError`. */
export type Judge = (tree: Tree, report: Report) => void;

/** All judges, in the order in which criu comes to their domains. */
export const JUDGES: readonly Judge[] = [
  judgeEnvironment,
  judgeTree,
  judgeSharing,
  judgeNamespaces,
  judgeMounts,
  judgeSeccomp,
  judgeLsm,
  judgeMemory,
  judgeTimers,
  judgeAttributes,
  judgeSessions,
  judgeIpc,
  judgeCgroups,
  judgeDescriptors,
  judgeSockets,
  judgeNetdevs,
  judgePlaces,
  judgeTerminals,
  judgeLocks,
  judgeNotKept,
];
