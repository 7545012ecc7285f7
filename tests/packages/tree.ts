/** A Debian in a folder, and what is in it. */
import { must, type Ran, ran, ROOT, SCRIPT_ENV } from "./run.ts";

/** Where dpkg, systemd and passwd note what they did. */
const NOTES = [
  /^var\/lib\/dpkg\/(status|status-old|available|available-old|lock|lock-frontend|diversions-old|triggers\/.*)$/,
  /^var\/log\//,
  /^etc\/(passwd|group|shadow|gshadow)-$/,
  /^etc\/\.pwd\.lock$/,
  /^(proc|sys|dev|run|tmp)\//,
];

/** A system in a folder of its own, in which nothing runs after a program has ended. */
export class Tree {
  readonly path: string;

  constructor(path: string) {
    this.path = path;
  }

  /** A copy of the one that is kept of a suite. */
  static async kept(suite: string, path: string): Promise<Tree> {
    const kept = (await must([`${ROOT}/scripts/debian`, suite], { env: SCRIPT_ENV })).trim();
    await must(["cp", "-a", "--reflink=auto", kept, path]);
    return new Tree(path);
  }

  /** One that is new, with these packages. */
  static async fresh(suite: string, path: string, ...packages: string[]): Promise<Tree> {
    await must([`${ROOT}/scripts/debian`, suite, path, ...packages], { env: SCRIPT_ENV });
    return new Tree(path);
  }

  /** Runs a program in there, in namespaces that end with it. */
  ran(...words: string[]): Promise<Ran> {
    const inside =
      'mount -t proc proc "$0/proc" && mount --rbind /sys "$0/sys" && mount --rbind /dev "$0/dev" && exec chroot "$0" "$@"';
    const namespaces = ["unshare", "--mount", "--propagation", "private", "--pid", "--fork", "--kill-child"];
    return ran([...namespaces, "sh", "-c", inside, this.path, ...words], {
      env: { DEBIAN_FRONTEND: "noninteractive", LC_ALL: "C" },
    });
  }

  /** Its output; throws where it failed. */
  async must(...words: string[]): Promise<string> {
    const { code, stdout, stderr } = await this.ran(...words);
    if (code !== 0) throw new Error(`${words.join(" ")} ended with ${code} in ${this.path}\n${stdout}${stderr}`);
    return stdout;
  }

  at(path: string): string {
    return `${this.path}${path}`;
  }

  /** All that is in there, with type, mode, owner and contents, but for the notes of who installs. */
  async listing(): Promise<Map<string, string>> {
    const found = await must(["find", this.path, "-xdev", "-mindepth", "1", "-printf", "%P\\t%y %m %U:%G %l\\n"]);
    const sums = await must([
      "sh",
      "-c",
      'cd "$0" && find . -xdev -type f -print0 | xargs -0 -r sha256sum -z | tr "\\0" "\\n"',
      this.path,
    ]);
    const hashes = new Map(sums.trim().split("\n").map((line) => [line.slice(68), line.slice(0, 64)]));
    const all = new Map<string, string>();
    for (const line of found.trim().split("\n")) {
      const [path, about] = line.split("\t");
      if (NOTES.some((pattern) => pattern.test(path!))) continue;
      all.set(path!, `${about}${hashes.get(path!) ?? ""}`);
    }
    return all;
  }
}

/** What is other than before: `+ path`, `- path` or `! path`. */
export function differences(before: ReadonlyMap<string, string>, after: ReadonlyMap<string, string>): string[] {
  const found: string[] = [];
  for (const [path, about] of after) {
    if (!before.has(path)) found.push(`+ ${path}`);
    else if (before.get(path) !== about) found.push(`! ${path}`);
  }
  for (const path of before.keys()) if (!after.has(path)) found.push(`- ${path}`);
  return found.sort();
}
