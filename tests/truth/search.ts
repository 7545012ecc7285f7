/** Which options let a dump pass, found by criu's own words and by trying: no opinion of ours is in it. */
import { type Criu, dump, restore, type Said } from "./criu.ts";
import { type Machine, Sandbox } from "./sandbox.ts";

/** An option that may help: its words, on a running specimen, since numbers differ from start to start. */
interface Candidate {
  readonly name: string;
  words(sandbox: Sandbox): Promise<string[]>;
}

const fixed = (...words: string[]): Candidate => ({ name: words.join(" "), words: () => Promise.resolve(words) });

/** `stat -L` through the sandbox: a field of what a link of /proc leads to. */
async function stat(sandbox: Sandbox, field: string, link: string): Promise<string> {
  return (await sandbox.run(["stat", "-L", "-c", field, link])).stdout.trim();
}

/** A file by its descriptor: `--external file[MNT_ID:INODE]`, both hexadecimal. */
const external = (pid: number, fd: number): Candidate => ({
  name: `--external file[of ${pid} fd ${fd}]`,
  async words(sandbox) {
    const info = await sandbox.run(["cat", `/proc/${pid}/fdinfo/${fd}`]);
    const mount = Number(/mnt_id:\s*(\d+)/.exec(info.stdout)?.[1]).toString(16);
    const inode = BigInt(await stat(sandbox, "%i", `/proc/${pid}/fd/${fd}`) || 0).toString(16);
    return ["--external", `file[${mount}:${inode}]`];
  },
});

/** A socket inside by its descriptor: `--external unix[INODE]`. */
const unix = (pid: number, fd: number): Candidate => ({
  name: `--external unix[of ${pid} fd ${fd}]`,
  words: async (sandbox) => ["--external", `unix[${await stat(sandbox, "%i", `/proc/${pid}/fd/${fd}`)}]`],
});

/** A mountpoint that a refusal named; the private folder of the specimen is another one in each start. */
const mounted = (words: readonly string[], path: string): Candidate => {
  const below = /\/cready-specimen-[^/]+(\/.*)?$/.exec(path)?.[1];
  const inside = path.replace(/^\.(?=\/)/, "");
  return {
    name: [...words.slice(0, -1), words.at(-1)!.replace("%", below === undefined ? inside : `FOLDER${below}`)].join(
      " ",
    ),
    async words(sandbox) {
      const at = below === undefined ? inside : `${await sandbox.folder()}${below}`;
      return [...words.slice(0, -1), words.at(-1)!.replace("%", at)];
    },
  };
};

const namespace = (kind: string): Candidate => ({
  name: `--external ${kind}[of the root]:key`,
  words: async (
    sandbox,
  ) => ["--external", `${kind}[${await stat(sandbox, "%i", `/proc/${sandbox.root}/ns/${kind}`)}]:key`],
});

/** The frozen group of version 2 that the root is in. */
const frozen: Candidate = {
  name: "--freeze-cgroup GROUP",
  async words(sandbox) {
    const group = /^0::(.*)$/m.exec((await sandbox.run(["cat", `/proc/${sandbox.root}/cgroup`])).stdout)?.[1] ?? "";
    const mounts = (await sandbox.run(["cat", "/proc/self/mountinfo"])).stdout;
    const at = /^(?:\S+ ){4}(\S+) .* - cgroup2 /m.exec(mounts)?.[1] ?? "/sys/fs/cgroup";
    return ["--freeze-cgroup", `${at}${group}`];
  },
};

/** All descriptors of all processes from the root's number on, by kind of link. */
async function descriptors(sandbox: Sandbox, link: RegExp): Promise<[number, number][]> {
  const script = `for fd in /proc/[0-9][0-9][0-9][0-9]*/fd/*; do echo "$fd $(readlink "$fd")"; done`;
  const lines = (await sandbox.run(["sh", "-c", script])).stdout.split("\n");
  return lines.map((line) => /^\/proc\/(\d+)\/fd\/(\d+) (.*)$/.exec(line)).filter((found) =>
    found && link.test(found[3]!)
  )
    .map((found) => [Number(found![1]), Number(found![2])]);
}

/** What a refusal's words lead to: alternatives, in order. */
const CANDIDATES:
  readonly (readonly [RegExp, (found: RegExpExecArray, sandbox: Sandbox) => Candidate[] | Promise<Candidate[]>])[] = [
    [/Consider using --shell-job|dangling tty|without correspond master peer/, () => [fixed("--shell-job")]],
    [/consider using --tcp-established/, () => [fixed("--tcp-established"), fixed("--tcp-close")]],
    [/try --file-locks/, () => [fixed("--file-locks")]],
    [/using --ext-unix-sk/, () => [fixed("--ext-unix-sk")]],
    [/Use link-remap option/, () => [fixed("--link-remap")]],
    [/Can't dump ghost file .* of \d+ size/, () => [fixed("--ghost-limit", "1G")]],
    [/In-flight connection/, () => [fixed("--skip-in-flight")]],
    [/Can't dump that handle/, () => [fixed("--force-irmap")]],
    [/--allow-uprobes/, () => [fixed("--allow-uprobes")]],
    [/Unaccessible path opened/, () => [fixed("--evasive-devices")]],
    [/Try --enable-external-masters/, () => [fixed("--enable-external-masters"), fixed("--external", "mnt[]:m")]],
    [
      /doesn't have a proper root mount/,
      () => ["mnt[]", "mnt[]:s", "mnt[]:m", "mnt[]:sm"].map((words) => fixed("--external", words)),
    ],
    [/\d+:(\S+) doesn't have a proper root mount/, (found) => [mounted(["--external", "mnt[%]:key"], found[1]!)]],
    [
      /failed to dump fs (\S+) \(fuse\): always fail/,
      (found) => [mounted(["--external", "mnt[%]:key"], found[1]!), mounted(["--skip-mnt", "%"], found[1]!)],
    ],
    [/(\S+)? ?isn't empty/, () => [fixed("--external", "mnt[]")]],
    [
      /FS mnt (\S+) dev 0x\S+ root \S+ unsupported id/,
      (
        found,
      ) => [
        mounted(["--external", "mnt[%]:key"], found[1]!),
        mounted(["--skip-mnt", "%"], found[1]!),
        fixed("--enable-fs", "all"),
      ],
    ],
    [
      /Can't lookup mount=-?\d+ for fd=(\d+)/,
      async (found, sandbox) =>
        (await descriptors(sandbox, /^\//)).filter(([, fd]) => fd === Number(found[1])).map((at) => external(...at)),
    ],
    [
      /External socket is used|half of stream unix connection|name-less external socket/,
      async (_, sandbox) =>
        (await descriptors(sandbox, /^socket:/)).filter(([pid]) => pid === sandbox.root).map((at) => unix(...at)),
    ],
    [/Unsupported link \d+/, () => [namespace("net"), fixed("--empty-ns", "net")]],
    [/pid namespace without the process init/, () => [namespace("pid")]],
    [/no end after/, () => [frozen]],
    [
      /Failed to lock TCP connection|Locking network failed/,
      () => [fixed("--network-lock", "nftables"), fixed("--network-lock", "skip")],
    ],
  ];

/** What came of one specimen. */
export interface Truth {
  readonly ok: boolean;
  readonly errors: readonly string[];
  /** The options that let it pass, none of them to spare; null where nothing helped. */
  readonly options: readonly string[] | null;
  /** Errors of the last try where nothing helped. */
  readonly still: readonly string[];
  /** Of the dump that passed: did it come back? null where none passed. */
  readonly restored: boolean | null;
  readonly restoreErrors: readonly string[];
  readonly ms: number;
  readonly log: string;
}

/** Tries a dump without options, then with what its words lead to, then which of those are to spare. */
export async function search(name: string, judge: Criu, machine: Machine): Promise<Truth> {
  const attempt = async (
    chosen: readonly Candidate[],
  ): Promise<{ dumped: Said; restored: Said | null; next: Candidate[] }> => {
    await using sandbox = await Sandbox.start(name, machine);
    const options: string[] = [];
    for (const { words } of chosen) options.push(...await words(sandbox));
    const dumped = await dump(sandbox, judge, options);
    if (dumped.ok) return { dumped, restored: await restore(sandbox, judge, options), next: [] };
    const next: Candidate[] = [];
    for (const [pattern, candidates] of CANDIDATES) {
      const found = pattern.exec(dumped.errors.join("\n"));
      if (found) next.push(...await candidates(found, sandbox));
    }
    return { dumped, restored: null, next };
  };
  const first = await attempt([]);
  let best = first;
  let options: Candidate[] | null = first.dumped.ok ? [] : null;
  let still: readonly string[] = [];
  if (!options) {
    // Breadth first, so that what helps is as small as can be.
    const queue: Candidate[][] = first.next.map((candidate) => [candidate]);
    for (let tries = 0; queue.length > 0 && tries < 24; tries++) {
      const chosen = queue.shift()!;
      const got = await attempt(chosen);
      if (got.dumped.ok) {
        options = chosen;
        best = got;
        break;
      }
      still = got.dumped.errors;
      for (const candidate of got.next) {
        if (!chosen.some(({ name }) => name === candidate.name)) queue.push([...chosen, candidate]);
      }
    }
  }
  return {
    ok: first.dumped.ok,
    errors: first.dumped.errors,
    options: options?.map(({ name }) => name) ?? null,
    still,
    restored: best.restored?.ok ?? null,
    restoreErrors: best.restored?.errors ?? [],
    ms: first.dumped.ms,
    log: first.dumped.log,
  };
}
