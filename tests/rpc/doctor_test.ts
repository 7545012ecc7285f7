/** `cready doctor` with real releases of criu, with none, and with programs that are broken in many ways. */
import assert from "node:assert/strict";
import { Ajv2020 } from "ajv/dist/2020.js";
import { cready, eventually, PATH, processesWith, ROOT, spawn } from "../cli/binary.ts";
import { BINARY } from "../cli/binary.ts";
import { CRIU, CRIU_3_17, CRIU_4_1, pathWith, TRUTH, WITHOUT_CRIU } from "./machine.ts";

const validate = new Ajv2020({ strict: true, validateFormats: false }).compile(
  JSON.parse(Deno.readTextFileSync(`${ROOT}/schema/json/doctor.json`)),
);
const fits = (document: unknown): boolean => validate(document);
const { check: _check, ...FEATURES } = TRUTH;

interface Document {
  readonly well: boolean;
  readonly criu: { path: string | null; why: string | null; version: string | null; number: number | null };
  readonly asked: { client: string; question: string; succeeded: boolean; answer: string }[];
  readonly features: { name: string; criu: boolean | null; goCriu: boolean | null; cready: string }[];
  readonly engines: { engine: string; answer: string; statements: string[]; misled: string[]; installed: boolean }[];
  readonly breaks: { references: string[]; depends: boolean }[];
  readonly configFiles: { path: string; options: string[] | null }[];
  readonly plugins: { path: string; purpose: string | null }[];
}

async function doctor(words: readonly string[], env: Record<string, string> = {}): Promise<Document> {
  const { code, stdout, stderr } = await cready(["doctor", "--json", ...words], { env });
  assert.equal(stderr, "");
  const document: Document = JSON.parse(stdout);
  assert(fits(document), JSON.stringify(validate.errors));
  assert.equal(code, document.well ? 0 : 1);
  return document;
}

/** A program of root's that does what a shell script says. */
function program(script: string): { path: string } & Disposable {
  const folder = Deno.makeTempDirSync({ prefix: "cready-doctor-" });
  Deno.chmodSync(folder, 0o755);
  Deno.writeTextFileSync(`${folder}/criu`, `#!/bin/sh\n${script}\n`);
  Deno.chmodSync(`${folder}/criu`, 0o755);
  return { path: `${folder}/criu`, [Symbol.dispose]: () => Deno.removeSync(folder, { recursive: true }) };
}

const engine = ({ engines }: Document, name: string) => engines.find((one) => one.engine === name)!;

for (const [release, path] of [["4.2", CRIU], ["4.1", CRIU_4_1]] as const) {
  Deno.test(`doctor: criu ${release} answers as its clients ask, and agrees with the probes`, async () => {
    const document = await doctor(["--criu", path]);
    assert(document.criu.version!.startsWith(release));
    assert.equal(document.criu.path, path);
    for (const { name, criu, goCriu, cready } of document.features) {
      assert.equal(criu, FEATURES[name as keyof typeof FEATURES]);
      assert.equal(criu, cready === "SUPPORTED");
      assert.equal(goCriu, true, "go-criu returns its caller's own request");
    }
    const { statements, misled } = engine(document, "podman");
    assert.match(statements[0]!, /^checkpoint and restore go ahead: \d{5} is 31100 or newer$/);
    assert.equal(misled.length, TRUTH.mem_track ? 0 : 1);
    assert.equal(engine(document, "runc").answer, TRUTH.mem_track && TRUTH.lazy_pages ? "YES" : "PARTLY");
    for (const name of ["CRI-O", "containerd"]) assert.equal(engine(document, name).answer, "YES");
    const checks = document.asked.filter(({ question }) => question === "CHECK");
    assert.equal(checks.length, 2);
    for (const { succeeded, answer } of checks) {
      // criu before 4.2 wants a folder for images with it.
      assert.equal(succeeded, release === "4.2" && TRUTH.check);
      if (release === "4.1") assert.match(answer, /criu#2758|Can't open dir|Neither images_dir_fd nor images_dir/);
    }
    assert.equal(
      document.asked.find(({ question }) => question.includes("mem_dirty_track"))!.answer.startsWith("exit"),
      !TRUTH.mem_track,
    );
  });
}

Deno.test("doctor: the first criu in PATH is asked, where engines look", async () => {
  const path = pathWith(CRIU);
  const document = await doctor([], { PATH: path });
  assert.equal(document.criu.path, `${path.split(":")[0]}/criu`);
});

Deno.test("doctor: an old criu that does not start on this kernel is told apart from one that is missing", async () => {
  const document = await doctor(["--criu", CRIU_3_17]);
  assert.equal(document.criu.version, "3.17.1");
  assert.equal(document.criu.number, 31701);
  const starts = document.asked.some(({ question, succeeded }) => question.startsWith("FEATURE_CHECK") && succeeded);
  const [major, minor] = Deno.osRelease().split(".").map(Number) as [number, number];
  // The vDSO's third mapping came with 6.13; before that this release of criu may start.
  if (major > 6 || (major === 6 && minor >= 13)) assert(!starts);
  if (starts) return;
  assert(!document.well);
  assert(document.features.every(({ criu, goCriu }) => criu === null && goCriu === null));
  assert(document.breaks.some(({ references, depends }) => references.includes("criu#2532") && !depends));
  for (const { answer, misled } of document.engines.filter(({ answer }) => answer !== "NO")) {
    assert(misled.some((one) => one.includes("criu ends in its start-up")), answer);
  }
});

Deno.test("doctor: without a criu it says so, and what engines make of that", async () => {
  const document = await doctor([], { PATH: WITHOUT_CRIU });
  assert.deepEqual([document.criu.path, document.criu.why], [null, "there is no criu in PATH"]);
  assert.deepEqual(document.asked, []);
  assert(document.engines.every(({ answer, misled }) => answer === "NO" && misled.length === 0));
  assert.match(engine(document, "containerd").statements[0]!, /criu binary not found/);
  const { code, stdout } = await cready(["doctor"], { env: { PATH: WITHOUT_CRIU } });
  assert.equal(code, 1);
  assert.match(stdout, /^no criu: there is no criu in PATH; Linux /);
});

Deno.test("doctor: root does not run a criu that others may write", async () => {
  using fake = program("echo Version: 9.9");
  Deno.chmodSync(fake.path, 0o777);
  const document = await doctor([], { PATH: fake.path.replace(/\/criu$/, "") });
  assert.equal(document.criu.path, null);
  assert.match(document.criu.why!, /criu is not run: .* may be written by others than root/);
});

const BROKEN: readonly (readonly [what: string, script: string, says: RegExp])[] = [
  ["ends at once with 0", "exit 0", /no answer; it ended with exit code 0/],
  ["ends at once with 3", "echo oops >&2; exit 3", /no answer; it ended with exit code 3: oops/],
  ["dies of a signal", "kill -SEGV $$", /ended with signal 11/],
  ["writes for ever", "while :; do echo x; done", /no answer in 10 s/],
  ["writes what a terminal obeys", "printf '\\033[2J\\007Error\\n' >&2; exit 1", /\\x1b\[2J\\x07Error/],
  [
    "answers with garbage",
    '[ "$1" = swrk ] || exit 1\nexec python3 -c \'import socket; s = socket.socket(fileno=3); s.recv(99); s.send(b"\\xff" * 99)\'',
    /a packet that is no answer; it ended with exit code 0/,
  ],
  [
    "answers with much",
    '[ "$1" = swrk ] || exit 1\nexec python3 -c \'import socket; s = socket.socket(fileno=3); s.recv(99); s.send(b"\\x08\\x0a" * 40000)\'',
    /a packet that is no answer/,
  ],
  [
    "answers well and ends badly",
    '[ "$1" = swrk ] || exit 1\nexec python3 -c \'import socket, sys; s = socket.socket(fileno=3); s.recv(99); s.send(bytes.fromhex("080a10015204080410 02".replace(" ", ""))); sys.exit(7)\'',
    /4\.2, as a number 40200; then exit code 7/,
  ],
];
for (const [what, script, says] of BROKEN) {
  Deno.test(`doctor: a criu that ${what}`, async () => {
    using fake = program(script);
    const document = await doctor(["--criu", fake.path]);
    assert(!document.well);
    const words = document.asked.map(({ answer }) => answer).join("\n");
    assert.match(words, says);
    // deno-lint-ignore no-control-regex -- that none is there is what is tested
    assert.doesNotMatch(words, /[\x00-\x09\x0b-\x1f]/);
    assert(document.engines.every(({ answer }) => answer === "NO"));
  });
}

Deno.test("doctor: a criu that hangs, and its children, are ended; it is asked once", async () => {
  using fake = program("sleep 1000 & sleep 1000");
  const marker = crypto.randomUUID();
  const child = spawn([BINARY, "doctor", "--json", "--criu", fake.path], marker);
  const { code, stdout } = await child.output();
  const document: Document = JSON.parse(new TextDecoder().decode(stdout));
  assert(fits(document), JSON.stringify(validate.errors));
  assert.equal(code, 1);
  assert.equal(document.asked[0]!.answer, "no answer in 10 s");
  assert(document.asked.slice(1).every(({ answer }) => answer === "not asked, since it did not answer before"));
  await eventually("nothing of it is left", () => processesWith(marker).length === 0);
});

Deno.test("doctor: a path with no program is a sentence, not a crash", async () => {
  const document = await doctor(["--criu", "/nowhere/criu"]);
  assert(document.asked.every(({ succeeded, answer }) => !succeeded && answer.includes("ENOENT")));
  assert.equal(document.criu.version, null);
});

Deno.test("doctor: configuration files that change every dump are shown, comments left out", async () => {
  const home = Deno.makeTempDirSync({ prefix: "cready-doctor-" });
  try {
    Deno.mkdirSync(`${home}/.criu`);
    Deno.writeTextFileSync(`${home}/.criu/default.conf`, "# why\ntcp-established\n\n  file-locks # also\n");
    Deno.writeTextFileSync(`${home}/other.conf`, "ghost-limit 1048576\n\x1b[2J\n");
    const env = { PATH: WITHOUT_CRIU, HOME: home, CRIU_CONFIG_FILE: `${home}/other.conf` };
    const { configFiles } = await doctor([], env);
    const options = (name: string) => configFiles.find(({ path }) => path === `${home}/${name}`)?.options;
    assert.deepEqual(options(".criu/default.conf"), ["tcp-established", "file-locks"]);
    assert.deepEqual(options("other.conf"), ["ghost-limit 1048576", "\x1b[2J"]);
    const { stdout } = await cready(["doctor"], { env });
    assert.match(stdout, /\n {4}tcp-established\n {4}file-locks\n/);
    assert(!stdout.includes("\x1b"), "a control byte reaches the terminal");
  } finally {
    Deno.removeSync(home, { recursive: true });
  }
});

Deno.test("doctor: plugins that criu would load are shown", async () => {
  const folder = Deno.makeTempDirSync({ prefix: "cready-doctor-" });
  try {
    for (const name of ["cuda_plugin.so", "mine.so", "README"]) Deno.writeTextFileSync(`${folder}/${name}`, "");
    const { plugins } = await doctor(["--criu", CRIU], { CRIU_LIBS_DIR: folder });
    assert.deepEqual(plugins.map(({ path }) => path), [`${folder}/cuda_plugin.so`, `${folder}/mine.so`]);
    assert.match(plugins[0]!.purpose!, /NVIDIA/);
    assert.equal(plugins[1]!.purpose, null);
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
});

Deno.test("doctor: engines that are here are told apart", async () => {
  const folder = Deno.makeTempDirSync({ prefix: "cready-doctor-" });
  try {
    Deno.chmodSync(folder, 0o755);
    Deno.writeTextFileSync(`${folder}/podman`, "#!/bin/sh\n");
    Deno.chmodSync(`${folder}/podman`, 0o755);
    const { engines } = await doctor([], { PATH: folder });
    assert.deepEqual(engines.filter(({ installed }) => installed).map((one) => one.engine), ["podman"]);
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
});

for (const words of [["--criu"], ["--criu", ""], ["extra"], ["--no-such"]]) {
  Deno.test(`doctor ${words.join(" ")} is asked wrongly`, async () => {
    const { code, stdout, stderr } = await cready(["doctor", ...words], { env: { PATH } });
    assert.deepEqual([code, stdout], [2, ""]);
    assert.match(stderr, /^Error \(cready\/doctor\): [^\n]+\n$/);
  });
}
