import { SysError } from "../ffi/errno.ts";
import { readBytes } from "../ffi/files.ts";
import type { Sys } from "../ffi/sys.ts";

/** No kernel's configuration is larger; what a file has beyond it is a fault of the file. */
const LIMIT = 8 * 1024 * 1024;

/** `y` built in, `m` a module, `n` not set, or another value such as a number or a string. */
export type KconfigValue = string;

/** zlib is loaded when there is something to unpack; importing it would cost every start 2 ms. */
function gunzip(bytes: Uint8Array): Uint8Array {
  // deno-lint-ignore no-process-global -- importing it is what costs
  return process.getBuiltinModule("node:zlib").gunzipSync(bytes, { maxOutputLength: LIMIT });
}

/** The options of a kernel configuration: `CONFIG_X=value` and `# CONFIG_X is not set`. */
export function parseKconfig(text: string): Map<string, KconfigValue> {
  const options = new Map<string, KconfigValue>();
  for (const m of text.matchAll(/^(?:(CONFIG_\w+)=(.*)|# (CONFIG_\w+) is not set)$/gm)) {
    if (m[3]) options.set(m[3], "n");
    else if (m[1]) options.set(m[1], m[2]!.replace(/^"(.*)"$/, "$1"));
  }
  return options;
}

/** The configuration that the running kernel was built with, as far as this machine tells. */
export class Kconfig {
  constructor(
    /** The file it was read from; null when none could be read. */
    readonly source: string | null,
    readonly options: ReadonlyMap<string, KconfigValue>,
    /** Why a file that is there could not be used. */
    readonly fault: string | null = null,
  ) {}

  /** `y`, `m`, `n` (also for an option that the file does not name), another value, or undefined without a file. */
  value(option: string): KconfigValue | undefined {
    if (!this.source) return undefined;
    return this.options.get(option) ?? "n";
  }

  /** Reads /proc/config.gz, or the file that distributions put beside the kernel. */
  static load(sys: Sys, release: string): Kconfig {
    let fault: string | null = null;
    const paths = ["/proc/config.gz", `/boot/config-${release}`, `/lib/modules/${release}/config`];
    for (const path of paths) {
      try {
        const bytes = readBytes(sys, path, LIMIT);
        const plain = path.endsWith(".gz") ? gunzip(bytes) : bytes;
        const options = parseKconfig(new TextDecoder().decode(plain));
        if (options.size > 0) return new Kconfig(path, options, fault);
        fault ??= `${path} has no line of the form CONFIG_X=y`;
      } catch (error) {
        if (error instanceof SysError && error.code === "ENOENT") continue;
        fault ??= error instanceof SysError ? error.message : `${path} cannot be unpacked`;
      }
    }
    return new Kconfig(null, new Map(), fault);
  }
}
