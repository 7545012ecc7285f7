import { SysError } from "../ffi/errno.ts";
import { fileKind } from "../ffi/file_kind.ts";
import { readText } from "../ffi/files.ts";
import type { Sys } from "../ffi/sys.ts";
import { shown, UsageError } from "./usage.ts";

const OTHERS_READ_OR_WRITE = 0o066;
const SHORTEST = 16;
const LONGEST = 4096;

/** The token in a file that nobody else may read; null where no file is named. Throws `UsageError`. */
export function tokenFrom(sys: Sys, path: string | undefined): string | null {
  if (path === undefined) return null;
  const there = fileKind(sys, path, true);
  if (typeof there === "number") throw new UsageError(`cannot read ${shown(path)}: ${new SysError("", -there).code}`);
  if (there.kind !== "file") throw new UsageError(`${shown(path)} is no regular file`);
  if (there.mode & OTHERS_READ_OR_WRITE) {
    throw new UsageError(`others may read or write ${shown(path)}: chmod 600 keeps the token secret`);
  }
  let token: string;
  try {
    token = readText(sys, path, LONGEST + 1).trim();
  } catch (error) {
    if (error instanceof SysError) throw new UsageError(`cannot read ${shown(path)}: ${error.code}`);
    throw error;
  }
  if (token.length < SHORTEST || token.length > LONGEST || !/^[\x21-\x7e]+$/.test(token)) {
    throw new UsageError(`${shown(path)} must hold one token of 16 to 4096 visible ASCII characters`);
  }
  return token;
}
