import { SysError } from "../ffi/errno.ts";
import { entries, readText, tryReadText } from "../ffi/files.ts";
import type { Sys } from "../ffi/sys.ts";
import type { Host } from "../host/host.ts";
import { askByCommand } from "./ask.ts";

/** A configuration file of criu's, whose options are added to every dump and restore by whoever reads it. */
export interface ConfigFile {
  readonly path: string;
  /** Who reads it, a clause. */
  readonly readBy: string;
  /** Its lines without comments; null where it is there and cannot be read. */
  readonly options: readonly string[] | null;
}

/** A plugin that criu loads at every dump and restore. */
export interface Plugin {
  readonly path: string;
  /** What it is for, a clause; null for one that is not known. */
  readonly purpose: string | null;
}

const CONFIG_LIMIT = 64 * 1024;
const CACHE_LIMIT = 4 * 1024 * 1024;
/** Where criu looks for plugins, unless it was built otherwise (criu/include/plugin.h). */
const PLUGIN_FOLDER = "/usr/lib/criu/";
const PURPOSES: Readonly<Record<string, string>> = {
  "amdgpu_plugin.so": "processes that use AMD GPUs",
  "cuda_plugin.so": "processes that use NVIDIA GPUs, by cuda-checkpoint",
  "inventory_test_enabled_plugin.so": "CRIU's own tests",
};

/** The configuration files that are there. */
export function configFiles(sys: Sys): ConfigFile[] {
  const home = sys.libc.getenv("HOME");
  const fromEnvironment = sys.libc.getenv("CRIU_CONFIG_FILE");
  const places: [string, string][] = [
    ["/etc/criu/default.conf", "every criu, also one that an engine starts"],
    ...(home ? [[`${home}/.criu/default.conf`, `a criu that is started with HOME=${home}`] as [string, string]] : []),
    ...(fromEnvironment
      ? [[fromEnvironment, "a criu that is started with this CRIU_CONFIG_FILE"] as [string, string]]
      : []),
    [
      "/etc/criu/runc.conf",
      "runc, and crun where there is no /etc/criu/crun.conf, unless org.criu.config names another",
    ],
    ["/etc/criu/crun.conf", "crun, unless the annotation org.criu.config names another"],
  ];
  return places.flatMap(([path, readBy]): ConfigFile[] => {
    try {
      return [{ path, readBy, options: options(readText(sys, path, CONFIG_LIMIT)) }];
    } catch (error) {
      if (!(error instanceof SysError)) throw error;
      return error.code === "ENOENT" || error.code === "ENOTDIR" ? [] : [{ path, readBy, options: null }];
    }
  });
}

function options(text: string): string[] {
  return text.split("\n").map((line) => line.replace(/(^|\s)#.*$/, "").trim()).filter((line) => line !== "");
}

/** The plugins that the criu at `path` loads. */
export function plugins(sys: Sys, path: string): Plugin[] {
  const folder = sys.libc.getenv("CRIU_LIBS_DIR") ?? defaultFolder(sys, path) ?? PLUGIN_FOLDER;
  try {
    return entries(sys, folder).filter((name) => name.endsWith(".so")).sort().map((name) => ({
      path: `${folder.replace(/\/+$/, "")}/${name}`,
      purpose: PURPOSES[name] ?? null,
    }));
  } catch (error) {
    if (error instanceof SysError) return [];
    throw error;
  }
}

/** The folder that was fixed when this criu was built, from its help. */
function defaultFolder(sys: Sys, path: string): string | undefined {
  const help = askByCommand(sys, path, ["--help"]);
  return help.code === null ? undefined : /plugin directory \(by default (\/[^\s)]*)\)/.exec(help.words)?.[1];
}

/** Where libcriu.so.2 is, which crun loads: in the loader's cache, or in a folder that the loader looks in. */
export function libcriu(sys: Sys, host: Host): string | null {
  const name = "libcriu.so.2";
  // /etc/ld.so.cache keeps its strings one behind the other, each with a NUL at its end.
  const cached = tryReadText(sys, "/etc/ld.so.cache", CACHE_LIMIT)?.split("\0") ?? [];
  const folders = ["/lib", "/usr/lib", "/lib64", "/usr/lib64"].flatMap((
    folder,
  ) => [`${folder}/${host.architecture}-linux-gnu`, folder]);
  const places = [
    ...cached.filter((one) => one.startsWith("/") && one.endsWith(`/${name}`)),
    ...folders.map((folder) => `${folder}/${name}`),
  ];
  return places.find((one) => host.exists(one)) ?? null;
}
