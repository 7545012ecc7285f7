import assert from "node:assert/strict";
import { BINARY, run, type Start } from "../cli/binary.ts";
import { lines } from "../cli/expect.ts";

/** One system call that takes a file's name, as strace(1) writes it. */
export interface Call {
  readonly name: string;
  readonly args: string;
}

/** The calls that take a file's name, or change a file. */
const FILE_CALLS = "trace=%file,ftruncate,fchmod,fchown,fallocate,fsetxattr,bind,open_by_handle_at";

/**
 * Runs cready under strace. With `everywhere` its threads and children are followed: then its own tracing of
 * children is refused, since a process has one tracer.
 */
export async function traced(words: readonly string[], everywhere: boolean, start: Start = {}): Promise<Call[]> {
  const file = await Deno.makeTempFile();
  try {
    const options = ["-qq", "-e", "signal=none", "-s", "300", "-o", file, "-e", FILE_CALLS];
    const result = await run(["strace", ...(everywhere ? ["-f"] : []), ...options, BINARY, ...words], start);
    assert.ok(result.code <= 2, result.stderr);
    const calls = lines(await Deno.readTextFile(file)).flatMap((line) => {
      const found = /^(?:\d+ +)?(\w+)\((.*)/.exec(line);
      return found ? [{ name: found[1]!, args: found[2]! }] : [];
    });
    assert.ok(calls.some(({ name }) => name === "openat"), "strace has seen nothing");
    return calls;
  } finally {
    await Deno.remove(file);
  }
}
