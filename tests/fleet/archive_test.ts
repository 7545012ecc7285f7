/** Checkpoint archives as container engines write them, through the compiled program, and its memory while it reads them. */
import assert from "node:assert/strict";
import { cready, criu, Folder, ran } from "./program.ts";

const BINARY = new URL("../../dist/cready", import.meta.url).pathname;
/** What the issue allows, in kB; about 90 MB of it is the runtime's own. */
const MEMORY_KB = 300 * 1024;

/** Documents that podman puts beside the images, shortened. */
const CONFIG = {
  id: "f00",
  name: "web",
  rootfsImageName: "docker.io/library/nginx:1",
  ociRuntime: "runc",
  checkpointedTime: "2026-01-02T03:04:05Z",
};
const SPEC = {
  annotations: { "org.criu.checkpoint.host.kernel": "6.1.0" },
  process: { env: ["PASSWORD=secret"], args: ["--token=secret"] },
};

/** A folder with `checkpoint/` made by the real criu of a process that sleeps, and the engine's documents. */
async function checkpoint(): Promise<Folder> {
  const folder = new Folder();
  Deno.mkdirSync(folder.at("checkpoint"));
  using sleeper = new Sleeper();
  await sleeper.sleeps();
  const { code, stderr } = await criu(
    "dump",
    "-t",
    String(sleeper.pid),
    "-D",
    folder.at("checkpoint"),
    "-o",
    "dump.log",
  );
  assert.equal(code, 0, `${stderr}${Deno.readTextFileSync(folder.at("checkpoint/dump.log"))}`);
  Deno.writeTextFileSync(folder.at("config.dump"), JSON.stringify(CONFIG));
  Deno.writeTextFileSync(folder.at("spec.dump"), JSON.stringify(SPEC));
  return folder;
}

/** A process in a session of its own. */
class Sleeper implements Disposable {
  readonly #child = new Deno.Command("setsid", {
    args: ["sleep", "1000"],
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).spawn();
  readonly pid = this.#child.pid;
  async sleeps(): Promise<void> {
    const asleep = () => {
      const exe = Deno.readLinkSync(`/proc/${this.pid}/exe`);
      return exe.endsWith("/sleep") && Deno.readTextFileSync(`/proc/${this.pid}/stat`).split(") ")[1]!.startsWith("S");
    };
    while (!asleep()) await new Promise((go) => setTimeout(go, 5));
  }
  [Symbol.dispose](): void {
    try {
      this.#child.kill("SIGKILL");
    } catch {
      // the dump has ended it
    }
  }
}

const made = await checkpoint();
globalThis.addEventListener("unload", () => Deno.removeSync(made.path, { recursive: true }));

async function sh(script: string): Promise<void> {
  const { code, stderr } = await ran("sh", ["-ec", script]);
  assert.equal(code, 0, stderr);
}

/** Runs cready; also how many kB it needed at most. */
async function measured(...args: readonly string[]) {
  const script = "import resource,subprocess,sys\ncode=subprocess.run(sys.argv[1:]).returncode\n" +
    "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss,file=sys.stderr)\nsys.exit(code)";
  const { code, stdout, stderr } = await ran("python3", ["-c", script, BINARY, ...args]);
  const lines = stderr.trimEnd().split("\n");
  return { code, stdout, kb: Number(lines.pop()), stderr: lines.map((line) => `${line}\n`).join("") };
}

const FORMATS: readonly (readonly [name: string, pack: string])[] = [
  ["a.tar", "cat"],
  ["a.tar.gz", "gzip -1"],
  ["a.tar.zst", "zstd -q -1"],
];
for (const [name, pack] of FORMATS) {
  Deno.test(`${name} is judged as what is in it`, async () => {
    await using folder = new Folder();
    await sh(`tar -C ${made.path} -c . | ${pack} >${folder.at(name)}`);
    const { code, stdout, stderr } = await cready("compare", "--images", folder.at(name), "--cpu", "none", "--json");
    assert.equal(stderr, "");
    const said = JSON.parse(stdout);
    assert.equal(said.processes, 1);
    assert.equal(said.root, "sleep");
    assert.equal(said.command, null, "its engine restores it");
    assert.deepEqual(
      [said.madeBy.container, said.madeBy.image, said.madeBy.runtime, said.madeBy.kernel],
      ["web", "docker.io/library/nginx:1", "runc", "6.1.0"],
    );
    assert([0, 3].includes(code), stdout);
    assert.doesNotMatch(stdout, /secret/);
    const text = await cready("compare", "--images", folder.at(name), "--cpu", "none");
    assert.match(text.stdout, /^A dump of 1 process, sleep, of web, docker\.io\/library\/nginx:1, runc, 6\.1\.0\n/);
  });
}

Deno.test("gigabytes of pages and of a root file system are passed over in bounded memory", async () => {
  await using folder = new Folder();
  await sh(`cp -r ${made.path} ${folder.at("d")}; truncate -s 1G ${folder.at("d/checkpoint/pages-9.img")}
    truncate -s 300M ${folder.at("d/rootfs-diff.tar")}
    # Not zeros alone: those would be refused as a bomb.
    for at in $(seq 0 64 1300); do head -c 1500000 /dev/urandom | dd of=${
    folder.at("d/checkpoint/pages-9.img")
  } bs=1M seek=$at conv=notrunc status=none; done
    tar -C ${folder.at("d")} -c . | zstd -q -1 >${folder.at("a.tar.zst")}`);
  const { code, kb, stdout, stderr } = await measured("compare", "--images", folder.at("a.tar.zst"), "--cpu", "none");
  assert([0, 3].includes(code), stdout + stderr);
  assert(kb < MEMORY_KB, `${kb} kB`);
});

/** What is wrong with an archive, how it is made from the good one (in its own folder), and the sentence. */
const BAD: readonly (readonly [what: string, script: string, sentence: RegExp])[] = [
  [
    "a bomb",
    "truncate -s 1200M checkpoint/pages-9.img; tar -c . | zstd -q -1 >../a",
    /is refused: it unpacks to far more than a checkpoint/,
  ],
  [
    "an image as large as a disk",
    "truncate -s 40M checkpoint/files.img; tar -c . | zstd -q -1 >../a",
    /files\.img is larger than any file of that kind/,
  ],
  [
    "many large images",
    "for i in $(seq 9); do truncate -s 30M checkpoint/core-$i.img; done; tar -c . | gzip -1 >../a",
    /has more than 128 MB of images/,
  ],
  ["cut gzip", "tar -c . | gzip -1 | head -c 9000 >../a", /cannot be unpacked: its gzip data is broken or cut off/],
  ["cut zstd", "tar -c . | zstd -q -1 | head -c 9000 >../a", /cannot be unpacked|is cut off|is no tar archive/],
  ["a window of 2 GB", "tar -c . | zstd -q -1 --long=31 >../a", /cannot be unpacked/],
  ["a cut tar", "tar -c . | head -c 5000 >../a", /is cut off|is no checkpoint archive/],
  ["gzip of something else", "echo hello | gzip >../a", /is no tar archive/],
  [
    "no images",
    "rm -r checkpoint; tar -c . >../a",
    /is no checkpoint archive: checkpoint\/inventory\.img is not in it/,
  ],
  [
    "a link in place of an image",
    "ln -sf /etc/passwd checkpoint/inventory.img; tar -c . >../a",
    /inventory\.img is no regular file in it/,
  ],
  [
    "a hard link in place of an image",
    "ln checkpoint/inventory.img z; mv z checkpoint/zz.img; tar -c . >../a",
    /no regular file in it/,
  ],
  ["an image twice", "tar -cf ../a . checkpoint/inventory.img", /has inventory\.img twice|no regular file in it/],
  ["a way out", "touch ../escape; tar -P -c . ../escape >../a", /leads out of it, \.\.\/escape/],
  ["an absolute name", "tar -P -c . /etc/hostname >../a", /leads out of it, \/etc\/hostname/],
  ["a document that is none", "echo { >config.dump; tar -c . >../a", /config\.dump is no JSON document/],
];
for (const [what, script, sentence] of BAD) {
  Deno.test(`an archive with ${what} is one sentence, exit code 2, and little memory`, async () => {
    await using folder = new Folder();
    await sh(`cp -r ${made.path} ${folder.at("d")}; cd ${folder.at("d")}; ${script}`);
    const before = await listed(folder.path);
    const { code, kb, stdout, stderr } = await measured("compare", "--images", folder.at("a"), "--cpu", "none");
    assert.equal(code, 2, stdout + stderr);
    assert.equal(stdout, "");
    assert.match(stderr, /^Error \(cready\/compare\): [^\n]+\n$/);
    assert.match(stderr, sentence);
    assert(kb < MEMORY_KB, `${kb} kB`);
    assert.equal(await listed(folder.path), before, "something was written");
  });
}

async function listed(path: string): Promise<string> {
  return (await ran("find", [path, "-printf", "%p %s %T@\n"])).stdout;
}

Deno.test("folders that are none, and files of other kinds, are one sentence and exit code 2", async () => {
  await using folder = new Folder();
  Deno.mkdirSync(folder.at("links"));
  Deno.symlinkSync("/etc/passwd", folder.at("links/inventory.img"));
  await sh(`mkfifo ${folder.at("fifo")}; mkdir ${folder.at("fifos")}; mkfifo ${folder.at("fifos/inventory.img")}`);
  const rows: [string, RegExp][] = [
    [folder.path, /is no folder of CRIU's images: inventory\.img is not there/],
    [folder.at("nowhere"), /Cannot read .*nowhere: ENOENT/],
    [folder.at("links"), /ELOOP/],
    [folder.at("fifo"), /is neither a folder of images nor a checkpoint archive/],
    [folder.at("fifos"), /inventory\.img is no regular file/],
    ["/dev/zero", /is neither a folder of images nor a checkpoint archive/],
  ];
  for (const [path, sentence] of rows) {
    const { code, stdout, stderr } = await cready("compare", "--images", path);
    assert.deepEqual([code, stdout], [2, ""], stderr);
    assert.match(stderr, /^Error \(cready\/compare\): [^\n]+\n$/);
    assert.match(stderr, sentence);
  }
});
