import { given } from "../plan.ts";
import type { Report } from "../report.ts";
import { stateOf, type Terminal, terminalsOf, type TerminalState } from "../terminals.ts";
import { O_PATH } from "../../ffi/uapi.ts";
import { type NameFault, nameFaults } from "../named_file.ts";
import type { Task } from "../task.ts";
import type { Tree } from "../tree.ts";

/** criu numbers no more pseudo terminals, and no more external ones. */
const MOST_INDEX = 1000;
const MOST_EXTERNAL = 64;

/** Terminals: their names, the sessions that they control, and whether both ends of a pair are there. */
export function judgeTerminals(tree: Tree, report: Report): void {
  if (tree.around.plan.preDump) return;
  const terminals = terminalsOf(tree);
  if (terminals.length === 0) return;
  for (const terminal of terminals) judgeOne(tree, report, terminal);
  const external = terminals.filter(({ driver }) => driver === "ext");
  if (external.length > MOST_EXTERNAL) {
    report.add({
      ...seen(external[MOST_EXTERNAL]!),
      rule: "tty-external",
      effect: "REFUSED",
      reason: `the tree has more than ${MOST_EXTERNAL} descriptors of terminals that --external names`,
      options: [],
    });
  }
  const states = statesOf(tree, report, terminals);
  judgePaths(report, terminals, states);
  judgeSessions(tree, report, states);
  judgeDevTty(report, states);
  judgePairs(tree, report, states);
}

function seen({ file }: Terminal): { task: Task; subject: string } {
  return { task: file.task, subject: `fd ${file.fd}` };
}

/** What criu asks of each descriptor: its number and its name. */
function judgeOne(tree: Tree, report: Report, terminal: Terminal): void {
  const { file, driver, index, key } = terminal;
  if (driver === "ext") return;
  if (index === null) {
    return report.unknown(
      "tty-slave-without-master",
      file.task,
      `fd ${file.fd}`,
      "which pseudo terminal it is, is not seen",
    );
  }
  if ((driver === "pts" || driver === "ptmx") && index > MOST_INDEX) {
    return report.add({
      ...seen(terminal),
      rule: driver === "pts" ? "tty-index-limit" : "tty-master-index-limit",
      reason: `it is pseudo terminal ${index}, and criu numbers them up to ${MOST_INDEX}`,
      values: [index],
    });
  }
  const faults = nameFaults(tree, { fd: file.fd, link: file.link, stat: file.stat!, mount: file.mount });
  for (const fault of faults) {
    if (fault.rule !== "file-mount-unknown") report.add({ ...seen(terminal), ...fault });
    else if (!given(tree.around.plan, "shell-job")) report.add({ ...seen(terminal), ...foreign(fault, key) });
  }
}

function foreign(fault: NameFault, key: string): NameFault {
  return { ...fault, rule: "tty-foreign-mount", options: ["--shell-job", `--external ${key}`] };
}

/** The first descriptor of each terminal, by number and side: criu asks no other one. */
function statesOf(tree: Tree, report: Report, terminals: readonly Terminal[]): TerminalState[] {
  const asked = new Set<string>();
  const states: TerminalState[] = [];
  for (const terminal of terminals) {
    const { driver, index } = terminal;
    const name = driver === "ext" ? terminal.key : `${index} ${driver === "ptmx"}`;
    if (asked.has(name)) continue;
    asked.add(name);
    const state = stateOf(tree, terminal);
    if (state) states.push(state);
    else {
      report.unknown(
        "tty-attached-shell",
        terminal.file.task,
        `fd ${terminal.file.fd}`,
        "which session it controls cannot be asked: pidfd_getfd(2) is refused",
      );
    }
  }
  return states;
}

/** Terminals that are open as paths only: criu takes them for terminals, and fails where it asks them something. */
function judgePaths(report: Report, terminals: readonly Terminal[], states: readonly TerminalState[]): void {
  const asked = new Map(states.map((state) => [state.terminal, state]));
  for (const terminal of terminals) {
    const path = asked.get(terminal)?.path ?? ((terminal.file.flags ?? 0) & O_PATH) !== 0;
    if (!path) continue;
    const stage = asked.has(terminal) ? "DUMP" : "RESTORE";
    report.add({
      ...seen(terminal),
      rule: "tty-o-path",
      stage,
      reason: `${terminal.file.link} is open with O_PATH`,
      // What an ioctl(2) of it answers: EBADF.
      values: [-9],
      ...(stage === "RESTORE" ? { message: null } : {}),
    });
  }
}

/** criu's dump_verify_tty_sids. */
function judgeSessions(tree: Tree, report: Report, states: readonly TerminalState[]): void {
  for (const { terminal, session, group } of states) {
    if (session === 0) continue;
    const first = tree.tasks.find((task) => task.stat.session === session);
    if (first?.pid === session) continue;
    if (given(tree.around.plan, "shell-job")) continue;
    report.add({
      ...seen(terminal),
      rule: "tty-attached-shell",
      reason: `${terminal.file.link} is the terminal of session ${session}, whose leader is not in the tree`,
      values: [inside(terminal, session), group, terminal.driver, terminal.file.fd],
    });
  }
}

/** A session's number as the task itself has it, where its status tells. */
function inside({ file }: Terminal, session: number): number {
  const { status, stat } = file.task;
  return stat.session === session ? status.nsSids.at(-1) ?? session : session;
}

/** criu's tty_verify_ctty: /dev/tty is the controlling terminal, which has to be open beside it. */
function judgeDevTty(report: Report, states: readonly TerminalState[]): void {
  for (const { terminal, session } of states) {
    if (terminal.driver !== "ctty") continue;
    const pair = states.find((one) =>
      (one.terminal.driver === "pts" || one.terminal.driver === "ptmx") &&
      one.session === session && one.group === session
    );
    const { task } = terminal.file;
    if (!pair) {
      report.add({
        ...seen(terminal),
        rule: "tty-dev-tty",
        effect: "REFUSED",
        reason:
          `it is /dev/tty, and the terminal itself is open nowhere in the tree, or session ${session} is not in its foreground`,
        values: [session],
      });
    } else if (pair.terminal.file.task !== task) {
      report.add({
        ...seen(terminal),
        rule: "tty-dev-tty-other-task",
        reason: `it is /dev/tty, and the terminal itself is open in process ${pair.terminal.file.task.pid} only`,
        values: [session, task.pid, pair.terminal.file.task.pid],
      });
    }
  }
}

/** criu's tty_verify_active_pairs: a slave whose master nobody in the tree has. */
function judgePairs(tree: Tree, report: Report, states: readonly TerminalState[]): void {
  const pairs = states.filter(({ terminal, hungUp, path }) =>
    (terminal.driver === "pts" || terminal.driver === "ptmx") && !hungUp && !path && terminal.index !== null
  );
  const masters = new Set(
    pairs.filter(({ terminal }) => terminal.driver === "ptmx").map(({ terminal }) => terminal.index),
  );
  const alone = pairs.filter(({ terminal }) => terminal.driver === "pts" && !masters.has(terminal.index))
    .sort((a, b) => a.terminal.index! - b.terminal.index!);
  if (alone.length === 0) return;
  // One may be left to --shell-job: one that controls a session, since an external one needs that option as well.
  const kept = alone.find(({ session }) => outerSession(tree, session)) ?? alone[0]!;
  const { plan } = tree.around;
  // Container engines take the other side over themselves.
  const orphan = given(plan, "orphan-pts-master");
  const left = given(plan, "shell-job") || orphan;
  for (const state of alone) {
    const { terminal } = state;
    const external = `--external ${terminal.key}`;
    const index = terminal.index!;
    const reason = `${terminal.file.link} is open, and its master is held outside of the tree`;
    if (state === kept) {
      if (!left) {
        report.add({
          ...seen(terminal),
          rule: "tty-slave-without-master",
          reason,
          values: [index],
          options: outerSession(tree, state.session) ? ["--shell-job"] : ["--shell-job", external],
        });
      }
      report.add({
        ...seen(terminal),
        rule: "tty-slave-without-master",
        stage: "RESTORE",
        effect: "RISK",
        reason: orphan
          ? "the engine makes a new one at restore, and has to be told who gets its master (--console-socket)"
          : "the terminal of who restores takes its place, so restore has to be started from one",
        message: null,
      });
    } else {
      report.add({
        ...seen(terminal),
        rule: "tty-two-outer-terminals",
        reason: `${reason}, as that of ${kept.terminal.file.link}`,
        values: [index],
        // Without --shell-job criu stops at the first one.
        ...(left ? {} : { message: null }),
        options: [external],
      });
      report.add({
        ...seen(terminal),
        rule: "tty-external",
        stage: "RESTORE",
        effect: "RISK",
        reason: "who restores has to hand it in",
        message: null,
        options: [`--inherit-fd fd[N]:${terminal.key} (restore)`],
      });
    }
  }
}

function outerSession(tree: Tree, session: number): boolean {
  return session !== 0 && tree.tasks.find((task) => task.stat.session === session)?.pid !== session;
}
