import { SysError } from "../ffi/errno.ts";
import { readBytes, readFd } from "../ffi/files.ts";
import type { Sys } from "../ffi/sys.ts";
import { ImageError } from "../images/error.ts";
import { ReportError } from "../fleet/read.ts";
import { ShapeError } from "../fleet/shape.ts";
import { shown, UsageError } from "./usage.ts";

/** All bytes of a file that the caller named, `-` being standard input. Throws `UsageError`. */
export function inputFile(sys: Sys, path: string, limit: number): Uint8Array {
  try {
    return path === "-" ? readFd(sys, 0, "standard input", limit) : readBytes(sys, path, limit);
  } catch (error) {
    if (error instanceof SysError) throw new UsageError(`Cannot read ${shown(path)}: ${error.code}`);
    throw error;
  }
}

/** Runs `read`; what is wrong with the caller's files becomes a usage error, one sentence. */
export async function asUsage<T>(read: () => T | Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof ImageError || error instanceof ReportError || error instanceof ShapeError) {
      throw new UsageError(shown(error.message));
    }
    throw error;
  }
}
