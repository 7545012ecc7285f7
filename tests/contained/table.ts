/** Surroundings as tables: what is answered there otherwise than to root, and why that is right. */
import assert from "node:assert/strict";
import type { Cause } from "../../probes/probe.ts";
import { CRIU_NAMES } from "../../probes/names.ts";
import { PROBES } from "../../probes/registry.ts";
import { CAPABILITIES } from "./machine.ts";
import { assertOrderly } from "../cli/expect.ts";
import { disagreement } from "../criu/compare.ts";
import { type Enter, type Examination, examine, type Printed, through, type Truth } from "./surroundings.ts";

assert.equal(Deno.uid(), 0, "these tests need root: they make namespaces and containers and take rights away");

/**
 * Ids, separated by blanks, by what is answered: BLOCKED by a cause, or INCONCLUSIVE. With the rule that all others are
 * answered as to root, it is a table of all checks.
 */
export type Changes = Readonly<Partial<Record<Cause | "INCONCLUSIVE", string>>>;

export interface Row {
  readonly name: string;
  readonly enter: Enter;
  readonly changes?: Changes;
  /** Checks that are no yes though what truth.py tries for them works, with the reason. */
  readonly otherwise?: Readonly<Record<string, string>>;
  /** The real criu is asked too, or refuses to look at anything there. */
  readonly criu?: "answers" | "refuses";
}

/** Which checks need which operations of truth.py. Where it fails, none of them can be SUPPORTED. */
const NEEDED: Readonly<Record<string, string>> = {
  map_files: "map_files",
  ns_last_pid: "ns_last_pid",
  ipc_next_id: "ipc_next_id",
  kcmp: "kcmp kcmp_epoll",
  prctl_mm: "prctl_mm_old prctl_mm_map",
  tcp_repair: "tcp_repair tcp_repair_window tcp_half_closed",
  tcp_half_closed: "tcp_half_closed",
  pty_lock: "pty_lock",
  seccomp_suspend: "seccomp_suspend",
  seccomp_filters: "seccomp_filters",
  tun: "tun",
  tun_ns: "tun_ns",
  sk_ns: "sk_ns",
  sk_unix_file: "sk_unix_file",
  clone_parent_newpid: "clone_parent_newpid",
  timens: "timens",
  loginuid: "loginuid",
  uffd: "uffd uffd_noncoop",
  uffd_noncoop: "uffd_noncoop",
  clone3_set_tid: "clone3_set_tid",
  sock_diag: "sock_diag net_diag_raw",
  newifindex: "newifindex",
  nsid: "nsid",
  pidfd_store: "pidfd_store",
  openat2: "openat2",
  overlayfs_maps: "overlayfs_maps",
  autofs: "autofs",
  move_mount_set_group: "move_mount_set_group",
  userns: "userns",
  cgroupns: "cgroupns",
  netns: "link_nsid",
  netns_by_clone: "network_lock_nftables",
};
/** Where these work, and root has the check, it may not be denied: nothing else is needed. */
const ENOUGH = Object.entries(NEEDED).filter(([name]) =>
  !["netns", "netns_by_clone", "sock_diag", "kcmp"].includes(name)
)
  .map(([name, ids]) => [name, ids.split(" ").filter((id) => id === name || name === "prctl_mm")] as const);

let root: Promise<Examination> | undefined;
/** What root is told, on the machine as it is. */
export function asRoot(): Promise<Examination> {
  return root ??= ask({ name: "root", enter: through() });
}

/** One test a row. Most of the time is spent in waiting, so the next rows are asked already. */
export function surroundings(rows: readonly Row[]): void {
  const begun = new Map<number, Promise<Examination>>();
  const ahead = (i: number) => {
    const row = rows[i];
    if (!row || begun.has(i)) return;
    const found = ask(row);
    found.catch(() => {}); // its own test tells
    begun.set(i, found);
  };
  for (const [i, row] of rows.entries()) {
    Deno.test({
      name: `contained: ${row.name}`,
      sanitizeOps: false,
      sanitizeResources: false,
      async fn() {
        for (let next = 0; next < AT_A_TIME; next++) ahead(i + next);
        judged(row, await asRoot(), await begun.get(i)!);
      },
    });
  }
  // Nothing is left running, also where only some tests were asked for.
  Deno.test.afterAll(async () => {
    await Promise.allSettled(begun.values());
  });
}

const AT_A_TIME = 3;
/** Every kernel has it, and it takes no right: where criu says no, it did not get as far as asking. */
const ALWAYS = "mnt_id";

async function ask({ enter, criu }: Row): Promise<Examination> {
  for (let attempt = 1;; attempt++) {
    const found = await examine(enter, criu === "answers" ? CRIU_NAMES : criu === "refuses" ? [ALWAYS] : []);
    // On a loaded machine a child may be too late once: that is no answer.
    const late = [...found.byId.values(), ...found.named].some(({ reason }) => /no answer in/.test(reason ?? ""));
    if (!late || attempt === 4) return found;
  }
}

function judged(row: Row, base: Examination, here: Examination): void {
  for (const result of here.results) assertOrderly(result);
  assert.deepEqual([...here.byId.keys()].sort(), PROBES.map(({ id }) => id).sort());
  const wrong: string[] = [];
  const expected = expectedVerdicts(row);
  for (const [id, finding] of here.byId) {
    const before = base.byId.get(id)!;
    for (const fault of [verdictFault(finding, before, expected.get(id)), explanationFault(finding, here.truth)]) {
      if (fault) wrong.push(`${shown(finding)}\n      ${fault}`);
    }
  }
  wrong.push(...truthFaults(row, base, here), ...criuFaults(row, here));
  assert.equal(wrong.length, 0, `${row.name}:\n  ${wrong.join("\n  ")}`);
}

function shown({ feature, verdict, reason, remedies }: Printed): string {
  return `${feature.id} is ${verdict}: ${reason}; ${remedies[0]?.cause}: ${remedies[0]?.why}`;
}

function expectedVerdicts({ changes = {} }: Row): Map<string, Cause | "INCONCLUSIVE"> {
  const all = new Map<string, Cause | "INCONCLUSIVE">();
  for (const [answer, ids] of Object.entries(changes)) {
    for (const id of ids.split(/\s+/).filter(Boolean)) {
      assert.ok(PROBES.some((one) => one.id === id), `the table names ${id}, which is no check`);
      assert.ok(!all.has(id), `the table has ${id} twice`);
      all.set(id, answer as Cause);
    }
  }
  return all;
}

const HOST_TOOLS = ["external_net_ns", "nftables", "has_ipt_legacy"];

/** What root does not have nobody has; what is not in the table is as root has it. */
function verdictFault(finding: Printed, before: Printed, expected?: Cause | "INCONCLUSIVE"): string | undefined {
  const { verdict, remedies } = finding;
  const as = expected === undefined
    ? verdict === before.verdict
    : expected === "INCONCLUSIVE"
    ? verdict === "INCONCLUSIVE"
    : verdict === "BLOCKED" && remedies[0]?.cause === expected;
  // Root's own answer may be a no, on this machine; a cause that stands before it is as true.
  const asRootSays = before.verdict !== "SUPPORTED" && verdict === before.verdict;
  // Whether a program of the host can be asked depends on what is installed; doubt about it is no wrong answer.
  const untoldTool = HOST_TOOLS.includes(finding.feature.id) && verdict === "INCONCLUSIVE";
  if (as || asRootSays || untoldTool) return undefined;
  return `expected ${expected ?? `${before.verdict}, as for root`}`;
}

/** Every no is told with its call and errno or its cause; a cause is true here; doubt says what would decide. */
function explanationFault(finding: Printed, truth: Truth): string | undefined {
  const { verdict, reason, remedies, evidence, feature } = finding;
  if (verdict === "SUPPORTED") return reason === null && remedies.length === 0 ? undefined : "a yes with a reason";
  if (!reason) return "no reason";
  if (remedies.some(({ why, text }) => !why || !text)) return "an empty remedy";
  const [first] = remedies;
  if (!first) return "no remedy";
  if (verdict === "BLOCKED") {
    const known = isTrue(first.cause as Cause, first.why, truth);
    return known === true ? undefined : known === false ? "the cause is not true here" : "the cause cannot be verified";
  }
  // What was asked is among the evidence, or in the sentence.
  if (evidence.length === 0 && first.cause === "UNDETERMINED" && !/\bE[A-Z0-9]{3,}\b|\w\(|\/\w/.test(reason)) {
    return "rests on nothing";
  }
  if (verdict === "INCONCLUSIVE" && feature.category !== null) {
    // To boot another kernel decides nothing.
    if (!/\b(run|ask|look|switch|mount)\b/.test(first.text)) return `"${first.text}" does not say what would decide it`;
    if (truth.facts.seccomp !== 0 && !/seccomp|sandbox|idle/.test(first.text + first.why)) {
      return "does not name the filter, which may have answered";
    }
  }
  return undefined;
}

const INITIAL = "user:[4026531837]";

/** Whether a cause holds, by what the other program found; undefined where it has no means to tell. */
function isTrue(cause: Cause, why: string, { facts }: Truth): boolean | undefined {
  const held = (list: string) =>
    list.split(" or ").some((name) => {
      const bit = CAPABILITIES.indexOf(name);
      return bit >= 0 && BigInt(facts.capabilities) >> BigInt(bit) & 1n;
    });
  const words = (pattern: RegExp) => pattern.exec(why)?.slice(1);
  const names = "(CAP_\\w+(?: or CAP_\\w+)*)";
  let m: string[] | undefined;
  switch (cause) {
    case "CAPABILITY":
      if ((m = words(new RegExp(`^this process lacks ${names}$`)))) return !held(m[0]!);
      if ((m = words(new RegExp(`^${names} is held only inside a user namespace`)))) {
        return held(m[0]!) && facts.userns !== INITIAL;
      }
      if ((m = words(new RegExp(`^${names} is held in a user namespace that does not own this (\\w+) namespace$`)))) {
        return held(m[0]!) && facts.owned[m[1]!] === false;
      }
      return undefined;
    case "SYSCTL":
      m = words(/^sysctl (\S+) is (-?\d+)$/);
      return m && facts.sysctls[m[0]!] === m[1];
    case "SECCOMP":
      return facts.seccomp !== 0;
    case "MOUNT":
      if ((m = words(/^(\/\S+) is on a read-only mount/))) return facts.paths[m[0]!]?.readOnly ?? undefined;
      if ((m = words(/^(\/\S+) is on a file system mounted with nodev/))) {
        return facts.paths[m[0]!]?.noDevices ?? undefined;
      }
      if (why === "/dev is mounted with nodev") return facts.paths["/dev/ptmx"]?.noDevices ?? undefined;
      if (why.startsWith("/proc is mounted with subset=pid")) return facts.processesOnly;
      // Each of these has one surrounding, which was made so.
      return /^(another mount covers \/proc|\/dev\/pts is not the devpts|no devpts is mounted)/.test(why) || undefined;
    case "DEVICE":
      if ((m = words(/this \/dev has no (\/\S+)$/))) return facts.paths[m[0]!]?.refused === "ENOENT";
      if ((m = words(/^the device cgroup does not permit (\/[^:]+)/))) return facts.paths[m[0]!]?.refused === "EPERM";
      if ((m = words(/^(\/dev\/ptmx) is not the device/))) return facts.paths[m[0]!]?.refused !== null;
      if (why.startsWith("the loopback interface")) return facts.loopback === false;
      return undefined;
    default:
      return undefined;
  }
}

/** Whoever tries for himself must come to the same answer. */
function truthFaults({ otherwise = {} }: Row, base: Examination, here: Examination): string[] {
  const faults: string[] = [];
  for (const [operation, ids] of Object.entries(NEEDED)) {
    const why = here.truth.can[operation];
    if (why === undefined) faults.push(`truth.py does not know ${operation}`);
    if (!why) continue;
    for (const id of ids.split(" ")) {
      const finding = here.byId.get(id)!;
      if (finding.verdict === "SUPPORTED") faults.push(`${shown(finding)}\n      false: ${operation} fails: ${why}`);
    }
  }
  for (const [operation, ids] of ENOUGH) {
    if (here.truth.can[operation] !== null) continue;
    for (const id of ids) {
      const finding = here.byId.get(id)!;
      if (finding.verdict === "SUPPORTED" || base.byId.get(id)!.verdict !== "SUPPORTED" || id in otherwise) continue;
      faults.push(`${shown(finding)}\n      false: ${operation} works here`);
    }
  }
  return faults;
}

/** The real criu's answers are ours, but for those of which ours says that criu's are wrong. */
function criuFaults(row: Row, { byId, named, criu }: Examination): string[] {
  if (!criu) return [];
  const answers = criu.get(ALWAYS);
  if (row.criu === "refuses") return answers ? ["criu answers here, and the table says it refuses to"] : [];
  return CRIU_NAMES.flatMap((name) => {
    const finding = named.find(({ feature }) => feature.criuName === name)!;
    const all = byId.get(finding.feature.id)!;
    if (all.verdict !== finding.verdict) {
      return `${shown(finding)}\n      with --feature; ${all.verdict} in its category`;
    }
    // How it was built is asked elsewhere; and of what cannot be told there is nothing to compare.
    if (HOST_TOOLS.includes(name) || finding.verdict === "INCONCLUSIVE") {
      return [];
    }
    return disagreement(finding, criu.get(name)!) ?? [];
  });
}
