/** Narrow and hostile surroundings: a proper answer everywhere, and never a yes that CRIU would not get. */
import assert from "node:assert/strict";
import { cready, publicCopy, sandbox, type Start } from "./binary.ts";
import { assertVerdict } from "./expect.ts";
import { assertExplained, type Findings, findingsOf, type Printed } from "./findings.ts";

assert.equal(Deno.uid(), 0, "these tests need root: they make namespaces and take rights away");

const NOBODY = 65534;

/** A shell in a mount namespace of its own that does `preparation` and becomes the program. */
const mounted = (preparation: string) => ["unshare", "-m", "sh", "-c", `${preparation} && exec "$0" "$@"`];
/** A seccomp filter. */
const answering = (...answers: string[]) => sandbox(...answers.flatMap((answer) => ["--answer", answer]));
const limited = (...limits: string[]) => sandbox(...limits.flatMap((limit) => ["--limit", limit]));

/** What a finding must be, and what it must say: in its reason or in the cause. */
type Expected = readonly [verdict: Printed["verdict"] | "not SUPPORTED", says: RegExp];

interface Row {
  readonly name: string;
  readonly through: readonly string[];
  /** By id; a check that this build does not have is passed over. */
  readonly expected?: Readonly<Record<string, Expected>>;
}

const CAPABILITY: Expected = ["BLOCKED", /CAP_CHECKPOINT_RESTORE or CAP_SYS_ADMIN/];
const SECCOMP: Expected = ["BLOCKED", /seccomp/];

const ROWS: readonly Row[] = [
  { name: "as this test is run", through: [] },
  {
    name: "without capabilities",
    through: ["setpriv", "--bounding-set=-all", "--inh-caps=-all"],
    expected: { map_files: CAPABILITY },
  },
  {
    name: "without capabilities and with no_new_privs",
    through: ["setpriv", "--bounding-set=-all", "--inh-caps=-all", "--no-new-privs"],
    expected: { map_files: CAPABILITY },
  },
  {
    name: "as nobody",
    through: sandbox("--uid", `${NOBODY}`),
    expected: { map_files: CAPABILITY, ns_last_pid: ["not SUPPORTED", /CAP_|EACCES/] },
  },
  {
    name: "in a user namespace of its own with a new /proc",
    through: ["unshare", "-Urpf", "--mount-proc"],
    expected: { map_files: CAPABILITY },
  },
  { name: "in a user namespace without an identity", through: ["unshare", "-U"], expected: { map_files: CAPABILITY } },
  { name: "in a pid namespace with the old /proc", through: ["unshare", "-pf"] },
  { name: "in a network namespace of its own", through: ["unshare", "-n"] },
  { name: "in an ipc, uts, cgroup and time namespace of its own", through: ["unshare", "-iuCTf"] },
  {
    name: "with a read-only /proc/sys",
    through: mounted("mount --bind /proc/sys /proc/sys && mount -o remount,ro,bind /proc/sys"),
    expected: { ns_last_pid: ["BLOCKED", /read-only/] },
  },
  { name: "with hidden processes", through: mounted("mount -t proc -o hidepid=2 proc /proc") },
  { name: "without /sys", through: mounted("mount -t tmpfs none /sys") },
  { name: "with an empty /dev", through: mounted("mount -t tmpfs none /dev") },
  {
    name: "with a read-only /tmp and an empty, read-only /run",
    through: mounted("mount --bind /tmp /tmp && mount -o remount,ro,bind /tmp && mount -t tmpfs -o ro none /run"),
  },
  ...["EPERM", "ENOSYS"].flatMap((errno): Row[] => [
    {
      name: `with a filter that answers ptrace with ${errno}`,
      through: answering(`ptrace=${errno}`),
      expected: { seccomp_filters: SECCOMP, seccomp_suspend: SECCOMP },
    },
    {
      name: `with a filter that answers kcmp with ${errno}`,
      through: answering(`kcmp=${errno}`),
      expected: { kcmp: SECCOMP, kcmp_epoll: SECCOMP },
    },
    {
      name: `with a filter that answers userfaultfd with ${errno}`,
      through: answering(`userfaultfd=${errno}`),
      expected: { uffd: SECCOMP, uffd_noncoop: SECCOMP },
    },
    {
      name: `with a filter that answers all of these with ${errno}`,
      through: answering(`ptrace=${errno}`, `kcmp=${errno}`, `userfaultfd=${errno}`, "clone3=ENOSYS"),
      expected: { seccomp_filters: SECCOMP, kcmp: SECCOMP, uffd: SECCOMP, clone3_set_tid: SECCOMP },
    },
  ]),
  {
    name: "with a filter that answers clone with EPERM",
    through: answering("clone=EPERM"),
    expected: { seccomp_filters: SECCOMP },
  },
  { name: "with a filter that answers socket with EPERM", through: answering("socket=EPERM") },
  {
    name: "with a filter that answers mount and unshare with EPERM",
    through: answering("mount=EPERM", "unshare=EPERM"),
  },
  { name: "with a filter that answers prctl with EPERM", through: answering("prctl=EPERM") },
  {
    name: "with a filter that answers clone3 with EPERM",
    through: answering("clone3=EPERM"),
    expected: { clone3_set_tid: SECCOMP },
  },
  {
    name: "with a filter that answers clone3 with ENOSYS",
    through: answering("clone3=ENOSYS"),
    expected: { clone3_set_tid: SECCOMP },
  },
  {
    name: "as nobody with a filter that answers kcmp with EPERM",
    through: sandbox("--uid", `${NOBODY}`, "--answer", "kcmp=EPERM"),
    expected: { map_files: CAPABILITY, kcmp: SECCOMP },
  },
  { name: "with no new tasks allowed", through: limited("NPROC=0") },
  { name: "with 16 descriptors", through: limited("NOFILE=16") },
  { name: "without locked memory", through: limited("MEMLOCK=0") },
  {
    name: "without queued signals, message queues and core files",
    through: limited("SIGPENDING=0", "MSGQUEUE=0", "CORE=0"),
  },
];

const program = await publicCopy();

let unrestricted: Promise<Findings> | undefined;

/** What cannot be had with all rights cannot be had with fewer. */
async function assertNoMore({ byId }: Findings): Promise<void> {
  unrestricted ??= findingsOf({ program });
  let { byId: most } = await unrestricted;
  for (const [id, { verdict }] of byId) {
    if (verdict !== "SUPPORTED" || most.get(id)?.verdict === "SUPPORTED") continue;
    // A wait that took too long on a loaded machine is no answer: ask again.
    unrestricted = findingsOf({ program });
    most = (await unrestricted).byId;
    assert.equal(most.get(id)?.verdict, "SUPPORTED", `${id} is said to be supported only with fewer rights`);
  }
}

for (const { name, through, expected } of ROWS) {
  const start: Start = { through, program, cwd: "/" };
  Deno.test(`surroundings: ${name}`, async () => {
    const [plain, all, findings] = await Promise.all([
      cready(["check"], start),
      cready(["check", "--all"], start),
      findingsOf(start),
    ]);
    assertVerdict(plain);
    assertVerdict(all);
    assert.equal(findings.result.signal, null);
    assert.ok(findings.byId.size > 2, findings.result.stderr);
    assertExplained(findings);
    for (const [id, [verdict, says]] of Object.entries(expected ?? {})) {
      const finding = findings.byId.get(id);
      if (!finding) continue;
      const what = `${id} ${finding.verdict}: ${finding.reason}; ${finding.remedies[0]?.why}`;
      if (verdict === "not SUPPORTED") assert.notEqual(finding.verdict, "SUPPORTED", what);
      else assert.equal(finding.verdict, verdict, what);
      assert.match(what, says);
    }
    await assertNoMore(findings);
  });
}

Deno.test("surroundings: the kernel's version decides nothing (setarch --uname-2.6)", async () => {
  const table = async (through: readonly string[]) => {
    const { code, stdout } = await cready(["check", "--all", "--table"], { through });
    const rows = stdout.trimEnd().split("\n").map((line) => line.split(/ +/));
    return [`exit ${code}`, ...rows.map(([feature, , verdict]) => `${feature} ${verdict}`)];
  };
  for (let attempt = 1;; attempt++) {
    const [now, then] = [await table([]), await table(["setarch", "--uname-2.6"])];
    assert.ok(now.length > 4);
    // On a loaded machine a child may be too late once; a version would be the same each time.
    if (attempt < 4 && now.join() !== then.join()) continue;
    return assert.deepEqual(then, now);
  }
});

Deno.test("surroundings: with the fewest tasks that the runtime can start with, as a user of nothing else", async () => {
  // Its threads count too; how many they are depends on the processors.
  for (let tasks = 2;; tasks++) {
    const start: Start = { program, cwd: "/", through: sandbox("--limit", `NPROC=${tasks}`, "--uid", "61357") };
    const { code, signal } = await cready(["--version"], start);
    if (code !== 0 || signal !== null) {
      assert.ok(tasks < 200, "the runtime does not start with 200 tasks");
      continue;
    }
    assertVerdict(await cready(["check"], start));
    assertExplained(await findingsOf(start));
    return;
  }
});
