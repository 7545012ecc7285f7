/** Judges of tasks on facts that are given, and the verdict that is made of what they see. */
import assert from "node:assert/strict";
import { judgeSessions } from "../../../inspect/judges/session.ts";
import { judgeTree } from "../../../inspect/judges/tree.ts";
import { judgeTimers } from "../../../inspect/judges/timers.ts";
import { judgeSeccomp } from "../../../inspect/judges/seccomp.ts";
import type { Judge } from "../../../inspect/judges.ts";
import { conclude } from "../../../inspect/verdict.ts";
import type { Look } from "../../../inspect/look.ts";
import { type GivenSurroundings, type GivenTask, givenTree } from "./given_tree.ts";
import { Report } from "../../../inspect/report.ts";
import { findingOf } from "../finding.ts";

function judged(judge: Judge, tasks: readonly GivenTask[], around: GivenSurroundings = {}) {
  const tree = givenTree(tasks, around);
  const report = new Report(tree);
  judge(tree, report);
  const look: Look = { tree, report, startedAt: 0, [Symbol.dispose]: () => {} };
  const findings = new Map((around.features ?? []).map((id) => [id, findingOf("SUPPORTED", "EXTRA")]));
  return conclude(look, findings);
}

const rules = ({ obstacles }: ReturnType<typeof judged>) => obstacles.map(({ rule, effect }) => `${rule} ${effect}`);

Deno.test("a root that leads its session can be dumped", () => {
  const verdict = judged(judgeSessions, [{ pid: 10, session: 10 }, { pid: 11, parent: 10, session: 10 }]);
  assert.deepEqual([verdict.dump, verdict.restore, rules(verdict)], ["DUMPABLE", "EXPECTED", []]);
});

Deno.test("a shell's job needs --shell-job, and criu's words are foretold", () => {
  const verdict = judged(judgeSessions, [{ pid: 10, session: 5 }]);
  assert.equal(verdict.dump, "NEEDS_OPTIONS");
  assert.deepEqual(verdict.options.map(({ text }) => text), ["--shell-job"]);
  assert.equal(
    verdict.obstacles[0]!.message,
    "The root process 10 is not a session leader. Consider using --shell-job option",
  );
  assert.equal(judged(judgeSessions, [{ pid: 10, session: 5 }], { options: ["--shell-job"] }).dump, "DUMPABLE");
});

Deno.test("a session of nobody in this pid namespace is refused", () => {
  const verdict = judged(judgeSessions, [{ pid: 10, session: 0 }]);
  assert.equal(verdict.dump, "BLOCKED");
  assert.deepEqual(rules(verdict), ["sess-outside-pidns REFUSED"]);
});

Deno.test("restore makes helpers for sessions of children of the root, and refuses deeper ones", () => {
  const root = { pid: 10, session: 10 }, child = { pid: 11, parent: 10, session: 10 };
  assert.equal(judged(judgeSessions, [root, { pid: 12, parent: 10, session: 77 }]).restore, "EXPECTED");
  const deep = judged(judgeSessions, [root, child, { pid: 12, parent: 11, session: 77 }]);
  assert.deepEqual([deep.dump, deep.restore], ["DUMPABLE", "REFUSED"]);
  assert.deepEqual(rules(deep), ["sess-foreign-deep REFUSED"]);
  // The leader of the session forked it before it was a leader of anything.
  const born = [root, { pid: 11, parent: 10, session: 11 }, { pid: 12, parent: 11, session: 10 }];
  assert.equal(judged(judgeSessions, born).restore, "EXPECTED");
});

Deno.test("whoever would start criu cannot be in the tree", () => {
  const verdict = judged(judgeTree, [{ pid: 10 }, { pid: 11, parent: 10 }], { ancestors: [11, 10, 1] });
  assert.equal(verdict.dump, "BLOCKED");
  assert(rules(verdict).includes("tree-self-included REFUSED"));
});

for (
  const [what, task, rule] of [
    ["a kernel thread", { pid: 10, kernelThread: true }, "tree-kernel-thread"],
    ["a zombie", { pid: 10, state: "Z" }, "tree-root-zombie"],
    ["a traced process", { pid: 10, tracer: 7 }, "tree-ptraced"],
  ] as const
) {
  Deno.test(`${what} cannot be the root, and criu's one error is foretold`, () => {
    const verdict = judged(judgeTree, [task]);
    assert.deepEqual(rules(verdict), [`${rule} REFUSED`, "tree-root-unseizable REFUSED"]);
    const messages = verdict.obstacles.map(({ message }) => message).filter((one) => one !== null);
    assert.deepEqual(messages, ["Unable to detach from 10: No such process"]);
  });
}

for (
  const [what, task, expected] of [
    ["a zombie below the root", { state: "Z" }, []],
    ["a zombie whose threads go on", { state: "Z", threads: [11, 12] }, ["tree-zombie-leader REFUSED"]],
    ["a traced child", { tracer: 7 }, ["tree-ptraced REFUSED"]],
    ["a pending SIGTRAP", { sigPnd: 1n << 4n }, ["tree-pending-sigtrap REFUSED"]],
    ["a pending SIGUSR1", { sigPnd: 1n << 9n }, []],
    ["a stop by SIGSTOP", { state: "T", exitCode: 19 }, []],
    ["a stop by SIGTTIN", { state: "T", exitCode: 21 }, ["tree-stopped-other-signal REFUSED"]],
    ["a stop whose signal the parent took", { state: "T" }, ["tree-stopped-other-signal UNKNOWN"]],
    ["a core that is being dumped", { coreDumping: true }, ["attr-coredump-in-progress REFUSED"]],
  ] as const
) {
  Deno.test(`${what} gives ${expected.join(", ") || "nothing"}`, () => {
    const verdict = judged(judgeTree, [{ pid: 10 }, { pid: 11, parent: 10, ...task }]);
    assert.deepEqual(rules(verdict), expected);
    assert.equal(
      verdict.dump,
      expected.length === 0 ? "DUMPABLE" : expected[0].includes("UNKNOWN") ? "UNKNOWN" : "BLOCKED",
    );
  });
}

Deno.test("filters need features of the kernel, and a caller without filters", () => {
  const task = { pid: 10, seccomp: 2 };
  const features = ["seccomp_suspend", "seccomp_filters"];
  assert.equal(judged(judgeSeccomp, [task], { features }).dump, "DUMPABLE");
  assert.equal(judged(judgeSeccomp, [task], {}).dump, "UNKNOWN");
  const filtered = judged(judgeSeccomp, [task], { features, seccomp: 2 });
  assert.deepEqual([filtered.dump, rules(filtered)], ["BLOCKED", ["seccomp-dumper REFUSED"]]);
});

Deno.test("a timer for a thread that has ended is refused in a pid namespace, and at restore elsewhere", () => {
  const timers = "ID: 0\nsignal: 10/0000000000000000\nnotify: signal/tid.12\nClockID: 1\n";
  assert.equal(judged(judgeTimers, [{ pid: 10, threads: [10, 12], files: { timers } }]).dump, "DUMPABLE");
  const gone = judged(judgeTimers, [{ pid: 10, files: { timers } }]);
  assert.deepEqual([gone.dump, gone.restore], ["DUMPABLE", "REFUSED"]);
});

Deno.test("what cannot be read makes both verdicts unknown, and what is refused stays so", () => {
  const unreadable = [{ path: "/proc/10/maps", errno: "EACCES", needs: "CAP_SYS_PTRACE" }];
  const verdict = judged(judgeSessions, [{ pid: 10, session: 10, unreadable }]);
  assert.deepEqual([verdict.dump, verdict.restore, verdict.unreadable], ["UNKNOWN", "UNKNOWN", unreadable]);
  assert.equal(judged(judgeSessions, [{ pid: 10, session: 0, unreadable }]).dump, "BLOCKED");
});

Deno.test("engines whose callers can give no option are blocked by what a config file would lift", () => {
  const tasks = [{ pid: 10, session: 5 }];
  assert.equal(judged(judgeSessions, tasks, { engine: "CONTAINERD" }).dump, "BLOCKED");
  assert.equal(judged(judgeSessions, tasks, { engine: "RUNC" }).dump, "NEEDS_OPTIONS");
});
