import { SysError } from "../ffi/errno.ts";
import { entries } from "../ffi/files.ts";
import { argumentsOf } from "./plan.ts";
import type { Tree } from "./tree.ts";

/** Where criu looks for plugins (CR_PLUGIN_DEFAULT). */
const FOLDER = "/usr/lib/criu";

/** The plugins that criu would load. */
export interface Plugins {
  readonly folder: string;
  /** File names that end in `.so`. */
  readonly names: readonly string[];
}

const READ = new WeakMap<Tree, Plugins>();

/** The plugins that a dump of the tree would load: of --libdir, of CRIU_LIBS_DIR, or of the usual folder. */
export function pluginsOf(tree: Tree): Plugins {
  let plugins = READ.get(tree);
  if (!plugins) {
    const { sys, plan } = tree.around;
    const folder = argumentsOf(plan, "libdir").at(-1) ?? sys.libc.getenv("CRIU_LIBS_DIR") ?? FOLDER;
    plugins = { folder, names: soFiles(tree, folder) };
    READ.set(tree, plugins);
  }
  return plugins;
}

function soFiles(tree: Tree, folder: string): string[] {
  try {
    return entries(tree.around.sys, folder).filter((name) => name.endsWith(".so")).sort();
  } catch (error) {
    if (error instanceof SysError) return [];
    throw error;
  }
}
