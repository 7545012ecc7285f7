import type { UnkeptRegisters } from "../../ffi/arch/arch.ts";
import type { RuleId } from "../../rules/registry.ts";
import { auxvWordSize } from "../../proc/auxv.ts";
import { openFilesOf } from "../open_files.ts";
import type { Report } from "../report.ts";
import { PTRACE, type Task } from "../task.ts";
import type { Tree } from "../tree.ts";

/** Bytes of CRIU's struct parasite_dump_creds before the groups. */
const CREDENTIALS = 88;
/** SCHED_* that restore knows: OTHER, FIFO, RR, BATCH, IDLE. */
const POLICIES = [0, 1, 2, 3, 5];
const POLICY_NAMES: Readonly<Record<number, string>> = { 6: "SCHED_DEADLINE", 7: "SCHED_EXT" };
const NO_LOGINUID = "4294967295";

/** What a task is beside its memory and files: ids, limits, mode of execution. */
export function judgeAttributes(tree: Tree, report: Report): void {
  const { page, arch } = tree.around.sys;
  // What criu has room for in one page of arguments beside two structs (PARASITE_MAX_GROUPS).
  const most = Math.floor((page - arch.parasiteThread - CREDENTIALS) / 4);
  for (const task of tree.living) {
    if (task.kernelThread) continue;
    judgeMode(tree, task, report);
    judgeLimits(tree, task, report);
    if (!tree.around.plan.preDump) judgeRoom(tree, task, report);
    judgeScheduling(task, report);
    if (task.status.groups.length >= most) judgeGroups(task, most, report);
    judgeLoginuid(task, report);
  }
  judgeRseq(tree, report);
  judgeStops(tree, report);
}

function judgeMode(tree: Tree, task: Task, report: Report): void {
  const size = task.fact("auxv", (dir) => auxvWordSize(dir.bytes("auxv")), PTRACE);
  const facts = tree.stops?.byTid.get(task.pid);
  if (facts ? !facts.mode32 : size !== 4) return;
  report.add({
    rule: tree.around.sys.arch.compat ? "attr-32bit" : "attr-32bit-arm",
    task,
    subject: "task",
    reason: "it runs a 32-bit program",
    values: [task.pid],
    errnoText: "Invalid argument",
  });
  if (tree.around.sys.arch.compat) report.assume("criu was built for 32-bit tasks (CONFIG_COMPAT)");
}

/** prlimit(2) on a task of other ids takes CAP_SYS_RESOURCE, and criu reads every limit with it. */
function judgeLimits(tree: Tree, task: Task, report: Report): void {
  const { caller } = tree.around;
  if (caller.has("CAP_SYS_RESOURCE")) return;
  const uid = caller.status.uids[0]!, gid = caller.status.gids[0]!;
  const { uids, gids } = task.status;
  if (uids.slice(0, 3).every((one) => one === uid) && gids.slice(0, 3).every((one) => one === gid)) return;
  const own = uids.slice(0, 3).every((one) => one === uids[0])
    ? `uid ${uids[0]}`
    : `uids ${uids.slice(0, 3).join(", ")}`;
  report.add({
    rule: "attr-rlimits-permission",
    task,
    subject: "task",
    reason: `it has ${own} and gid ${gids[0]}, criu would have uid ${uid} and gid ${gid} and no CAP_SYS_RESOURCE`,
    values: [0],
    errnoText: "Operation not permitted",
  });
}

/** Descriptors that criu's code in the task has open at once. */
const DESCRIPTORS = 4;
/** Bytes: less was too little for the smallest task; of more than that a task with many mappings takes its part. */
const MEMORY_REFUSED = 128 * 1024, MEMORY_ENOUGH = 4 * 1024 * 1024;
/** What criu says where so many descriptors are free. */
const WITHOUT_DESCRIPTORS = [
  "Can't create memfd",
  "Can't switch parasite",
  "Can't dump page",
  "Parasite failed to dump",
] as const;

/** Whether the task's own limits leave room for the code that criu runs in it. */
function judgeRoom(tree: Tree, task: Task, report: Report): void {
  const { limits } = task;
  if (!limits) return;
  const { openFiles, addressSpace } = limits;
  const used = openFilesOf(tree).of(task);
  // Most tasks have a limit far above the descriptors that they have.
  const free = openFiles - used.length < DESCRIPTORS || (used.at(-1)?.fd ?? 0) >= openFiles
    ? openFiles - used.filter(({ fd }) => fd < openFiles).length
    : Infinity;
  if (free < DESCRIPTORS) {
    report.add({
      rule: "attr-rlimit-files",
      task,
      subject: "task",
      reason: `it may open ${free === 0 ? "no" : free} more descriptor${free === 1 ? "" : "s"} below its limit of ` +
        `${openFiles}, and the code that criu runs in it needs ${DESCRIPTORS}`,
      message: WITHOUT_DESCRIPTORS[free]!,
      values: free === 1 ? [task.pid, 0] : [],
      errnoText: "Too many open files",
    });
  }
  if (addressSpace === Infinity) return;
  // Field 23, after the name in parentheses: bytes of address space.
  const size = task.fact("vsize", (dir) => Number(/\) (?:\S+ ){20}(\d+)/.exec(dir.text("stat"))?.[1]), null);
  if (size === null) return;
  const left = addressSpace - size;
  if (left >= MEMORY_ENOUGH) return;
  const reason = `its address space may grow by ${Math.max(0, Math.floor(left / 1024))} KiB, and criu needs room in it`;
  if (left <= MEMORY_REFUSED) {
    report.add({ rule: "attr-rlimit-memory", task, subject: "task", reason, errnoText: "Cannot allocate memory" });
  } else {report.unknown(
      "attr-rlimit-memory",
      task,
      "task",
      reason,
      "raise its limit: prlimit --as=unlimited --pid PID",
    );}
}

function judgeScheduling(task: Task, report: Report): void {
  const { policy, nice, realtimePriority } = task.stat;
  if (POLICIES.includes(policy)) return;
  report.add({
    rule: "attr-sched-deadline",
    task,
    subject: "task",
    reason: `its scheduling policy is ${POLICY_NAMES[policy] ?? policy}`,
    values: [policy, nice, realtimePriority],
    effect: "REFUSED",
  });
}

function judgeGroups(task: Task, most: number, report: Report): void {
  report.add({
    rule: "attr-many-groups",
    task,
    subject: "task",
    reason: `it is in ${task.status.groups.length} supplementary groups, and criu has room for ${most - 1}`,
    // criu prints how many there are where it says which task.
    values: [task.status.groups.length],
  });
}

function judgeLoginuid(task: Task, report: Report): void {
  const loginuid = task.fact("loginuid", (dir) => dir.text("loginuid").trim(), null);
  if (loginuid === null || loginuid === NO_LOGINUID || loginuid === "") return;
  report.add({
    rule: "attr-loginuid",
    task,
    subject: "task",
    reason: `its login uid is ${loginuid}`,
    effect: "NEEDS_FEATURE",
    without: "LOST",
  });
}

/** Every task of a C library of 2022 or later registers rseq; it is seen from inside only. */
function judgeRseq(tree: Tree, report: Report): void {
  const task = tree.living.find(({ kernelThread }) => !kernelThread);
  if (!task) return;
  report.add({
    rule: "thread-rseq",
    task,
    subject: "task",
    reason: "the C library registers restartable sequences, which the kernel must be able to tell of",
    values: [task.pid],
  });
}

/** Registers of which criu says nothing. */
function judgeUnkept(task: Task, subject: string, unkept: UnkeptRegisters, usual: number, report: Report): void {
  const { taggedAddresses, scalable, vectorLength } = unkept;
  const lost = (rule: RuleId, reason: string) => report.add({ rule, task, subject, reason });
  if (taggedAddresses) lost("lost-tagged-addresses", "it gives the kernel pointers with tags in them");
  if (scalable) lost("lost-sve", "it has values in registers of SVE or SME");
  else if (vectorLength !== 0 && usual !== 0 && vectorLength !== usual) {
    lost("lost-sve", `its vectors of SVE have ${vectorLength} bytes, and usually they have ${usual}`);
  }
}

/** What only a stop shows; without one it is taken for granted. */
function judgeStops(tree: Tree, report: Report): void {
  const { stops } = tree;
  const { sys, host } = tree.around;
  const usualLength = sys.arch.unkept ? Number(host.sysctl("abi/sve_default_vector_length") ?? 0) : 0;
  for (const task of tree.living) {
    if (task.kernelThread) continue;
    for (const { tid } of task.threads) {
      const facts = stops?.byTid.get(tid);
      if (!facts) {
        report.assume(
          stops ? `thread ${tid} could not be stopped: no LDT entries, no flags of rseq` : "no LDT entries",
        );
        if (!stops) report.assume("no flags of restartable sequences (rseq)");
        if (!stops && sys.arch.unkept) report.assume("no tagged addresses, no values in registers of SVE or SME");
        continue;
      }
      const subject = tid === task.pid ? "task" : `thread ${tid}`;
      if (facts.ldt && tid === task.pid) {
        report.add({
          rule: "attr-ldt",
          task,
          subject,
          reason: "it uses entries of its local descriptor table",
          values: [task.pid],
        });
      }
      if (facts.unkept) judgeUnkept(task, subject, facts.unkept, usualLength, report);
      if (facts.rseqFlags !== null && facts.rseqFlags !== 0) {
        report.add({
          rule: "thread-rseq-flags",
          task,
          subject,
          reason: "its restartable sequences have flags",
          values: [tid, facts.rseqFlags],
        });
      }
    }
  }
  // criu restores them so where the kernel would have gone on (ERESTART_RESTARTBLOCK); tail -f of coreutils 9 then ends.
  report.assume("the programs go on when poll, sleep or the like ends with EINTR after the restore");
  report.assume("no descriptor signals a single thread or a process outside of the tree (F_SETOWN)");
  report.assume("no hardening by PR_SET_MDWE, no keyring of its own, no dispatch of system calls (Wine)");
}
