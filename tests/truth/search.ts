/** Which options let a dump pass, found by criu's own words and by trying: no opinion of ours is in it. */
import { type Criu, dump, restore, type Said } from "./criu.ts";
import { Sandbox } from "./sandbox.ts";

/** An option that may help, as words of the command line. */
type Candidate = (sandbox: Sandbox, found: RegExpExecArray) => Promise<string[][]> | string[][];

const hex = (value: number | bigint) => value.toString(16);

/** `stat -L` through the sandbox: device and inode of what a link of /proc leads to. */
async function inode(sandbox: Sandbox, link: string): Promise<string> {
  return (await sandbox.run(["stat", "-L", "-c", "%i", link])).stdout.trim();
}

/** What a refusal's words lead to. A list of words is one option; several lists are tried as alternatives, in order. */
const CANDIDATES: readonly (readonly [RegExp, Candidate])[] = [
  [/Consider using --shell-job/, () => [["--shell-job"]]],
  [/dangling tty|without correspond master peer/, () => [["--shell-job"]]],
  [/consider using --tcp-established/, () => [["--tcp-established"], ["--tcp-close"]]],
  [/try --file-locks/, () => [["--file-locks"]]],
  [/using --ext-unix-sk/, () => [["--ext-unix-sk"]]],
  [/Use link-remap option/, () => [["--link-remap"]]],
  [/Can't dump ghost file .* of \d+ size/, () => [["--ghost-limit", "1G"]]],
  [/In-flight connection/, () => [["--skip-in-flight"]]],
  [/Can't dump that handle/, () => [["--force-irmap"]]],
  [/--allow-uprobes/, () => [["--allow-uprobes"]]],
  [/Unaccessible path opened/, () => [["--evasive-devices"]]],
  [/Try --enable-external-masters/, () => [["--enable-external-masters"]]],
  [/doesn't have a proper root mount/, () => [["--external", "mnt[]"], ["--external", "mnt[]:s"], ["--external", "mnt[]:sm"]]],
  [
    /FS mnt (\S+) dev 0x\S+ root \S+ unsupported id/,
    (_, found) => [["--external", `mnt[${found[1]!.replace(/^\./, "")}]:key`], ["--skip-mnt", found[1]!.replace(/^\./, "")]],
  ],
  [
    /Can't lookup mount=(-?\d+) for fd=(-?\d+)/,
    async (sandbox, found) => {
      const ids = await Promise.all(
        (await sandbox.run(["sh", "-c", "ls -d /proc/[0-9]*/fd/* 2>/dev/null"])).stdout.split("\n")
          .filter((link) => link.endsWith(`/${found[2]}`)).map(async (link) => {
            const info = await sandbox.run(["cat", link.replace("/fd/", "/fdinfo/")]);
            if (Number(/mnt_id:\s*(\d+)/.exec(info.stdout)?.[1]) !== Number(found[1])) return [];
            return ["--external", `file[${hex(Number(found[1]))}:${hex(BigInt(await inode(sandbox, link)))}]`];
          }),
      );
      return ids.filter((words) => words.length > 0);
    },
  ],
  [
    /half of stream unix connection|name-less external socket/,
    async (sandbox) => {
      const list = (await sandbox.run(["sh", "-c", `ls -l /proc/${sandbox.root}/fd /proc/*/fd 2>/dev/null`])).stdout;
      return [...new Set([...list.matchAll(/socket:\[(\d+)\]/g)].map((link) => link[1]!))]
        .map((number) => ["--external", `unix[${number}]`]);
    },
  ],
  [/Unsupported link \d+/, async (sandbox) => [
    ["--external", `net[${await inode(sandbox, `/proc/${sandbox.root}/ns/net`)}]:key`],
    ["--empty-ns", "net"],
  ]],
  [/pid namespace without the process init/, async (sandbox) => [
    ["--external", `pid[${await inode(sandbox, `/proc/${sandbox.root}/ns/pid`)}]:key`],
  ]],
  [/Failed to lock TCP connection|Locking network failed/, () => [["--network-lock", "nftables"], ["--network-lock", "skip"]]],
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
export async function search(name: string, judge: Criu, scratch: string): Promise<Truth> {
  const attempt = async (options: readonly string[]): Promise<{ dumped: Said; restored: Said | null; next: string[][] }> => {
    await using sandbox = await Sandbox.start(name, scratch);
    const dumped = await dump(sandbox, judge, options);
    if (dumped.ok) return { dumped, restored: await restore(sandbox, judge, options), next: [] };
    const next: string[][] = [];
    for (const [pattern, candidate] of CANDIDATES) {
      const found = pattern.exec(dumped.errors.join("\n"));
      if (found) next.push(...await candidate(sandbox, found));
    }
    return { dumped, restored: null, next };
  };
  const first = await attempt([]);
  let best = first;
  let options: string[][] | null = first.dumped.ok ? [] : null;
  let still: readonly string[] = [];
  if (!options) {
    // Depth first over the alternatives, a few steps deep; numbers of a specimen (inodes) are the same in each start only by luck.
    const queue: string[][][] = first.next.map((words) => [words]);
    for (let tries = 0; queue.length > 0 && tries < 16; tries++) {
      const chosen = queue.shift()!;
      const got = await attempt(chosen.flat());
      if (got.dumped.ok) {
        options = chosen;
        best = got;
        break;
      }
      still = got.dumped.errors;
      for (const words of got.next.reverse()) {
        if (!chosen.some((have) => have.join(" ") === words.join(" "))) queue.unshift([...chosen, words]);
      }
    }
  }
  return {
    ok: first.dumped.ok,
    errors: first.dumped.errors,
    options: options?.map((words) => words.join(" ")) ?? null,
    still,
    restored: best.restored?.ok ?? null,
    restoreErrors: best.restored?.errors ?? [],
    ms: first.dumped.ms,
    log: first.dumped.log,
  };
}
