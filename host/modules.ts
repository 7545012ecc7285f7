import { tryReadText } from "../ffi/files.ts";
import type { Sys } from "../ffi/sys.ts";

/** Where a module is: in the running kernel, on disk for it, or nowhere to be seen. */
export type ModuleState = "loaded" | "built-in" | "on-disk" | "absent" | "unknown";

/** The kernel treats `-` and `_` in module names alike. */
const normal = (name: string) => name.replaceAll("-", "_");

/** The names in /proc/modules. */
export function parseModules(text: string): Set<string> {
  return new Set(text.split("\n").flatMap((line) => line ? [normal(line.split(" ")[0]!)] : []));
}

/** The module names in modules.dep or modules.builtin: paths of .ko files, maybe compressed. */
export function parseModulePaths(text: string): Set<string> {
  const names = new Set<string>();
  for (const m of text.matchAll(/^(?:[^:\n]*\/)?([^/:\n]+?)\.ko(?:\.\w+)?(?::.*)?$/gm)) names.add(normal(m[1]!));
  return names;
}

/** The modules of the running kernel. */
export class Modules {
  readonly #sys: Sys;
  readonly #folder: string;
  #onDisk: Set<string> | null | undefined;
  #builtIn: Set<string> | undefined;

  constructor(sys: Sys, release: string) {
    this.#sys = sys;
    this.#folder = `/lib/modules/${release}`;
  }

  /** The modules loaded now; read anew at each call, because a probe may make the kernel load one. */
  loaded(): Set<string> {
    return parseModules(tryReadText(this.#sys, "/proc/modules") ?? "");
  }

  /** Where a module is. `unknown` where the folder of this kernel's modules cannot be read, as in a container. */
  state(name: string): ModuleState {
    if (this.loaded().has(normal(name))) return "loaded";
    this.#builtIn ??= parseModulePaths(tryReadText(this.#sys, `${this.#folder}/modules.builtin`) ?? "");
    if (this.#builtIn.has(normal(name))) return "built-in";
    if (this.#onDisk === undefined) {
      const text = tryReadText(this.#sys, `${this.#folder}/modules.dep`);
      this.#onDisk = text === undefined ? null : parseModulePaths(text);
    }
    if (this.#onDisk === null) return "unknown";
    return this.#onDisk.has(normal(name)) ? "on-disk" : "absent";
  }
}
