import { judgeSessions } from "./judges/session.ts";
import { judgeSharing } from "./judges/sharing.ts";
import { judgeTree } from "./judges/tree.ts";
import type { Report } from "./report.ts";
import type { Tree } from "./tree.ts";

/** Walks the facts of one domain once and reports what stands in the way. May throw `GoneError`. */
export type Judge = (tree: Tree, report: Report) => void;

/** All judges, in the order in which criu comes to their domains. */
export const JUDGES: readonly Judge[] = [judgeTree, judgeSharing, judgeSessions];
