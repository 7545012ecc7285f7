import { PTRACE_POKEUSER, PTRACE_SEIZE } from "../../../ffi/uapi.ts";
import assert from "node:assert/strict";
import breakpoints from "../../../probes/breakpoints.ts";
import mnt_id from "../../../probes/mnt_id.ts";
import { Runner } from "../../../probes/run.ts";
import { type Call, fakeLibc, NOBODY_STATUS } from "../fake_libc.ts";
import { probeCases } from "../probe_case.ts";

const STOPPED = 0x7f;
const SIGSEGV = 11;
/** The first register takes the address of the child's system call instruction, the seventh switches it on. */
const poke = ({ args: [, , offset, data] }: Call) =>
  (offset === 848 && data === 0x5001) || (offset === 904 && data === 1) ? 0 : "EINVAL";

/** prlimit64 that tells a soft limit of 100. */
const limited = ({ args: [, , , at], memory }: Call) => {
  memory.setU64(at!, 100);
  return 0;
};

probeCases(breakpoints, [
  ["a child stops at it", { ptrace: { [PTRACE_POKEUSER]: poke } }, "SUPPORTED"],
  ["a child runs past it", { resumed: 42 << 8 }, "UNSUPPORTED", /ran past/],
  ["a child ends otherwise", { resumed: 1 << 8 }, "INCONCLUSIVE", /exited with 1/],
  ["a child gets another signal", { resumed: (SIGSEGV << 8) | STOPPED }, "INCONCLUSIVE", /signal 11/],
  ["a child is killed", { resumed: 9 }, "INCONCLUSIVE", /killed by signal 9/],
  ["there are no debug registers", { ptrace: { [PTRACE_POKEUSER]: "EIO" } }, "UNSUPPORTED", /u_debugreg.*EIO/],
  ["all are in use", { ptrace: { [PTRACE_POKEUSER]: "ENOSPC" } }, "INCONCLUSIVE", /ENOSPC/],
  [
    "Yama forbids tracing",
    { ptrace: { [PTRACE_SEIZE]: "EPERM" }, files: { "/proc/sys/kernel/yama/ptrace_scope": "3\n" } },
    "BLOCKED",
    /PTRACE_SEIZE/,
  ],
  ["no child can be made", { clone: "EAGAIN" }, "INCONCLUSIVE", /clone/],
  [
    "a user's limit of tasks is reached",
    { clone: "EAGAIN", calls: { prlimit64: limited }, files: { "/proc/self/status": NOBODY_STATUS } },
    "BLOCKED",
    /clone/,
  ],
  // A limit that root is not bound by is not the cause.
  ["no child can be made, and root has a limit", { clone: "EAGAIN", calls: { prlimit64: limited } }, "INCONCLUSIVE"],
]);

Deno.test("the event that is begun for breakpoints counts nothing, and only the child has it", () => {
  const seen: number[][] = [];
  const perf_event_open = ({ args: [at, ...rest], memory, child }: Call) => {
    seen.push([
      memory.u32(at!),
      memory.u32(at! + 4),
      Number(memory.u64(at! + 8)),
      Number(memory.u64(at! + 40)),
      ...rest,
    ]);
    return child ? 2000 : "EPERM";
  };
  const libc = fakeLibc({ calls: { perf_event_open } });
  const runner = new Runner(libc);
  runner.prepare([mnt_id, breakpoints]);
  // PERF_TYPE_SOFTWARE, its size, PERF_COUNT_SW_DUMMY, exclude_kernel and exclude_hv; this task, any processor.
  assert.deepEqual(seen, [[1, 64, 9, 0x60, 0, -1, -1, 8, 0]]);
  assert.equal(libc.children.size, 1);
  runner[Symbol.dispose]();
  assert.equal(libc.children.size, 0);
  assert.deepEqual([...libc.open], []);
});
