import assert from "node:assert/strict";
import { runProgram } from "../../ffi/command.ts";
import { SysError, TimeoutError } from "../../ffi/errno.ts";
import { openLibc } from "../../ffi/libc.ts";
import { findProgram } from "../../ffi/programs.ts";
import { Sys } from "../../ffi/sys.ts";
import { type Call, fakeLibc } from "./fake_libc.ts";

// These run real programs of the machine: what is to be shown is the kernel's doing.
const sys = new Sys(openLibc(), []);
const shell = (script: string, timeoutMs = 5000) => runProgram(sys, "/bin/sh", ["-c", script], { timeoutMs });
const numbers = () => [...Deno.readDirSync("/proc/self/fd")].length;

/** The libraries that were opened stay open, as in cready. */
const program = (name: string, fn: () => void) => Deno.test({ name, fn, sanitizeResources: false });

program("a program's output and exit code come back, its errors do not", () => {
  const before = numbers();
  assert.deepEqual(shell("echo out; echo err >&2; exit 3"), { status: { kind: "exited", code: 3 }, output: "out\n" });
  assert.equal(numbers(), before, "descriptors left open");
});

program("a program gets PATH, no input and none of our descriptors", () => {
  const { output } = shell("env; wc -c; for fd in /proc/$$/fd/*; do echo ${fd##*/}; done");
  assert.match(output, /^PATH=/m);
  assert.doesNotMatch(output, /^HOME=/m);
  assert.match(output, /^0$/m);
  assert.doesNotMatch(output, /^(?:[4-9]|[1-7]\d)$/m);
});

program("a program's own signals reach it", () => {
  assert.deepEqual(shell("kill -USR1 $$").status, { kind: "killed", signal: 10 });
  assert.equal(shell("trap 'echo caught' USR1; kill -USR1 $$").output, "caught\n");
  assert.equal(shell("kill -STOP $$; echo on").output, "on\n");
});

program("what a program writes beyond the limit is dropped, and it still ends", () => {
  const { status, output } = shell("yes | head -c 300000; exit 4");
  assert.equal(output.length, 65536);
  assert.deepEqual(status, { kind: "exited", code: 4 });
});

program("a program that hangs or writes for ever is killed with what it started", () => {
  for (const script of ["sleep 60.25 & sleep 60.25", "yes"]) {
    assert.throws(() => shell(script, 100), TimeoutError);
  }
  for (let tries = 0; tries < 100; tries++) {
    const left = [...Deno.readDirSync("/proc")].filter(({ name }) => {
      try {
        return Deno.readTextFileSync(`/proc/${name}/cmdline`).includes("60.25");
      } catch {
        return false;
      }
    });
    if (left.length === 0) return;
  }
  assert.fail("a program that was started is still there");
});

program("a program that is none is an error", () => {
  assert.throws(
    () => runProgram(sys, "/nonexistent", []),
    (error) => error instanceof SysError && error.code === "ENOENT",
  );
  assert.throws(
    () => runProgram(sys, "/etc/passwd", []),
    (error) => error instanceof SysError && error.code === "EACCES",
  );
});

Deno.test("programs are looked for in the absolute folders of PATH, in their order", () => {
  const find = (PATH: string, ...files: string[]) =>
    findProgram(
      new Sys(fakeLibc({ environment: { PATH }, files: Object.fromEntries(files.map((file) => [file, ""])) }), []),
      "criu",
    );
  assert.equal(find("/a:/b", "/b/criu").path, "/b/criu");
  assert.equal(find("/a/:/b", "/a/criu", "/b/criu").path, "/a/criu");
  assert.deepEqual(find(".:bin::", "./criu", "bin/criu", "/criu", "criu"), { path: null, refused: null });
});

Deno.test("root runs no program that others may write, and passes over what is none", () => {
  const find = (mode: number, uid: number, euid: number, mask = 0x7ff) => {
    const statx = ({ args, memory }: Call) => {
      memory.setU32(args[4]!, mask);
      memory.setU32(args[4]! + 20, uid);
      memory.setU16(args[4]! + 28, mode);
      return 0;
    };
    const calls = { statx, geteuid: euid };
    return findProgram(new Sys(fakeLibc({ environment: { PATH: "/a" }, files: { "/a/criu": "" }, calls }), []), "criu");
  };
  assert.equal(find(0o100755, 0, 0).path, "/a/criu");
  assert.match(find(0o100775, 0, 0).refused ?? "", /written by others/);
  assert.match(find(0o100757, 0, 0).refused ?? "", /written by others/);
  assert.match(find(0o100755, 1000, 0).refused ?? "", /another user/);
  assert.equal(find(0o100757, 1000, 1000).path, "/a/criu");
  assert.deepEqual(find(0o040755, 0, 0), { path: null, refused: null });
  // A filter says yes in the kernel's place.
  assert.match(find(0, 0, 0, 0).refused ?? "", /tells no type/);
});
