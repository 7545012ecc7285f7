/** systemd's units: what systemd-analyze says of them, and their programs run as systemd would run them. */
import assert from "node:assert/strict";
import { NAMES, release } from "./built.ts";
import { Folder, must, ran, ROOT } from "./run.ts";

const path = await release();
/** Stands for the user cready, which this machine need not have. */
const UID = 61_934;
const ANALYZE = { SYSTEMD_COLORS: "0", SYSTEMD_PAGER: "", LC_ALL: "C" };

/** A system with the deb's files, and what else the units name. */
async function system(folder: Folder): Promise<string> {
  const root = folder.at("system");
  await must(["dpkg-deb", "--extract", `${path}/${NAMES.deb}`, root]);
  Deno.mkdirSync(`${root}/bin`);
  await Deno.copyFile("/bin/sh", `${root}/bin/sh`);
  // What every unit hangs on.
  await must(["sh", "-c", 'cp /lib/systemd/system/*.target "$0"', `${root}/usr/lib/systemd/system`]);
  return root;
}

const units = [...Deno.readDirSync(`${ROOT}/packaging/systemd`)].map(({ name }) => name).toSorted();

Deno.test("systemd-analyze verify has nothing to say of any unit", async () => {
  await using folder = new Folder();
  const root = await system(folder);
  assert(units.length >= 9, units.join(" "));
  const verify = (name: string) =>
    ran(["systemd-analyze", "verify", "--man=no", `--root=${root}`, name], { env: ANALYZE });
  for (const name of units) {
    assert.deepEqual(await verify(name.replace("@.", "@1.")), { code: 0, stdout: "", stderr: "" }, name);
  }
  // It would say so.
  const unit = `${root}/usr/lib/systemd/system/cready-serve.service`;
  await Deno.writeTextFile(unit, (await Deno.readTextFile(unit)).replace("PrivateTmp=yes", "PrivateTmpp=yes"));
  assert.match((await verify("cready-serve.service")).stderr, /PrivateTmpp/);
});

Deno.test("systemd-analyze security: the server is exposed to 2.0 at most; the prober is not confined, and says why", async () => {
  await using folder = new Folder();
  const root = await system(folder);
  const said = await must(["systemd-analyze", "security", "--offline=true", `--root=${root}`, "cready-serve.service"], {
    env: ANALYZE,
  });
  const exposure = Number(/Overall exposure level for cready-serve\.service: ([0-9.]+)/.exec(said)?.[1]);
  assert(exposure <= 2.0, said);
  for (const name of ["cready-prober@.service", "cready-check.service"]) {
    const text = await Deno.readTextFile(`${root}/usr/lib/systemd/system/${name}`);
    assert.match(text, /^Type=oneshot$/m, name);
    // Whatever takes something from a process would be what it finds.
    assert.doesNotMatch(
      text,
      /^(User|Group|DynamicUser|Protect\w+|Private\w+|Restrict\w+|SystemCall\w+|Capability\w+|NoNewPrivileges|Lock\w+|Memory\w+|ReadOnly\w+|Inaccessible\w+)=/m,
      name,
    );
    assert.match(
      text.replaceAll("\n# ", " "),
      /root, and nothing is taken from it, on purpose: it says what CRIU/,
      name,
    );
  }
});

/** The words of ExecStart=, as systemd passes them on. */
function execStart(name: string): string[] {
  const text = Deno.readTextFileSync(`${ROOT}/packaging/systemd/${name}`);
  const line = /^ExecStart=(.*)$/m.exec(text)![1]!;
  return [...line.matchAll(/'([^']*)'|(\S+)/g)].map((match) => (match[1] ?? match[2]!).replaceAll("$$", "$"));
}

/** StandardOutput=journal of cready-prober@.service; systemd-socket-activate would make it the connection. */
const JOURNAL = ["sh", "-c", 'exec "$0" "$@" >&2'];

/** A program that runs until the end of the block, and all that it started. */
class Running implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #said: Promise<void>[];
  text = "";

  constructor(words: readonly string[]) {
    this.#child = new Deno.Command("setsid", {
      args: [...words],
      clearEnv: true,
      env: { PATH: "/usr/sbin:/usr/bin:/sbin:/bin", LC_ALL: "C.UTF-8" },
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    this.#said = [this.#child.stdout, this.#child.stderr].map(async (stream) => {
      for await (const part of stream) this.text += new TextDecoder().decode(part);
    });
  }

  get pid(): number {
    return this.#child.pid;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      Deno.kill(-this.pid, "SIGKILL");
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
    await this.#child.status;
    await Promise.all(this.#said);
  }
}

async function eventually<T>(what: string, look: () => T | undefined | false, running: readonly Running[]): Promise<T> {
  for (let i = 0; i < 1200; i++) {
    const found = look();
    if (found) return found;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`not within a minute: ${what}\n${running.map(({ text }) => text).join("\n")}`);
}

/** The keepers and probers of a session, by their command lines. */
function probersOf({ pid }: Running): [number, string][] {
  return [...processes(pid)].filter(([, command]) => /^\S*cready (keeper|prober \d+)$/.test(command));
}

/** The processes of a session, by their command lines. */
function processes(session: number): Map<number, string> {
  const found = new Map<number, string>();
  for (const { name } of Deno.readDirSync("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const stat = Deno.readTextFileSync(`/proc/${name}/stat`).replace(/^.*\) /s, "").split(" ");
      if (Number(stat[3]) === session) {
        found.set(Number(name), Deno.readTextFileSync(`/proc/${name}/cmdline`).replaceAll("\0", " ").trim());
      }
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound) && !/No such process/.test(String(error))) throw error;
    }
  }
  return found;
}

const status = (pid: number, key: string) =>
  new RegExp(`^${key}:\\s*(.*)$`, "m").exec(Deno.readTextFileSync(`/proc/${pid}/status`))![1]!;

Deno.test("the server answers under its unit's confinement, through systemd's own socket activation, with a prober of root's", async () => {
  await using folder = new Folder("/tmp");
  const binary = folder.at("cready");
  await Deno.copyFile(`${path}/${NAMES.binary}`, binary);
  await Deno.chmod(binary, 0o755);
  const script = folder.at("confine.py");
  await Deno.copyFile(`${ROOT}/tests/packages/confine.py`, script);
  const unit = folder.at("cready-serve.service");
  await Deno.copyFile(`${ROOT}/packaging/systemd/cready-serve.service`, unit);
  const door = folder.at("prober.sock"), socket = folder.at("cready.sock");

  const words = (name: string) =>
    execStart(name).map((word) => word.replace("/usr/bin/cready", binary).replace("/run/cready/prober.sock", door));
  assert.deepEqual(words("cready-serve.service"), [binary, "serve", "--prober", door]);
  await using prober = new Running([
    "systemd-socket-activate",
    "--seqpacket",
    "--accept",
    "--inetd",
    "-l",
    door,
    ...JOURNAL,
    ...words("cready-prober@.service"),
  ]);
  const there = (file: string) => () =>
    Deno.lstatSync(folder.path) &&
    [...Deno.readDirSync(folder.path)].some(({ name }) => `${folder.path}/${name}` === file);
  await eventually("the prober's socket", there(door), [prober]);
  // SocketUser= and SocketMode= of cready-prober.socket.
  await Deno.chown(door, UID, UID);
  await Deno.chmod(door, 0o600);
  const inside = 'mount -t proc -o hidepid=invisible,subset=pid proc /proc && exec "$@"';
  await using server = new Running([
    ...["systemd-socket-activate", "-l", socket],
    ...["unshare", "--mount", "--propagation", "private", "--net", "--ipc", "sh", "-c", inside, "sh"],
    ...["/usr/bin/python3", script, unit, String(UID), ...words("cready-serve.service")],
  ]);
  await eventually("the server's socket", there(socket), [server]);
  await Deno.chmod(socket, 0o600);

  const question = "{ check(scope: ALL) { outcome findings { verdict feature { id } } } }";
  const asked = await ran([binary, "query", "--connect", `unix:${socket}`, question]);
  assert.equal(asked.code, 0, `${asked.stdout}${asked.stderr}\n${server.text}\n${prober.text}`);
  const own = await ran([binary, "query", question]);
  // The same as without all this: nothing was taken from the prober.
  assert.deepEqual(JSON.parse(asked.stdout), JSON.parse(own.stdout));

  const [serving] = [...processes(server.pid)].find(([, command]) => command.startsWith(`${binary} serve`)) ?? [];
  assert(serving, [...processes(server.pid).values()].join("\n"));
  for (const set of ["CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"]) {
    assert.equal(status(serving, set), "0".repeat(16), set);
  }
  assert.deepEqual([status(serving, "NoNewPrivs"), status(serving, "Seccomp")], ["1", "2"]);
  assert.deepEqual(status(serving, "Uid").split("\t"), Array(4).fill(String(UID)));
  const probing = probersOf(prober);
  assert.equal(probing.length, 2, [...processes(prober.pid).values()].join("\n"));
  for (const [pid] of probing) {
    for (const key of ["Uid", "CapEff", "CapBnd", "Seccomp", "NoNewPrivs"]) {
      assert.equal(
        status(pid, key),
        /^\w+:\s*(.*)$/m.exec(
          Deno.readTextFileSync("/proc/self/status").split("\n").find((line) => line.startsWith(`${key}:`))!,
        )![1],
        key,
      );
    }
  }

  // Nobody but the server's user may have it asked.
  const other = await ran([
    "setpriv",
    "--reuid=61935",
    "--regid=61935",
    "--clear-groups",
    "--bounding-set=-all",
    "--inh-caps=-all",
    binary,
    "serve",
    "--socket",
    folder.at("x.sock"),
    "--prober",
    door,
  ]);
  assert.deepEqual([other.code, /cannot (reach the prober|listen)/.test(other.stderr)], [1, true], other.stderr);

  Deno.kill(serving, "SIGTERM");
  await eventually(
    "the prober ends with the server",
    () => probersOf(prober).length === 0,
    [server, prober],
  );
  // The socket is systemd's, not the server's to remove.
  assert(Deno.lstatSync(socket).isSocket);
});

Deno.test("when its prober is killed the server ends with 1, to be started again; without one it does not start", async () => {
  await using folder = new Folder("/tmp");
  const binary = folder.at("cready"), door = folder.at("prober.sock"), socket = folder.at("own/cready.sock");
  await Deno.copyFile(`${path}/${NAMES.binary}`, binary);
  await Deno.chmod(binary, 0o755);
  Deno.mkdirSync(folder.at("own"));
  await Deno.chown(folder.at("own"), UID, UID);
  const user = ["setpriv", `--reuid=${UID}`, `--regid=${UID}`, "--clear-groups"];
  const alone = await ran([...user, binary, "serve", "--socket", socket, "--prober", door]);
  assert.deepEqual([alone.code, alone.stderr], [
    1,
    `Error (cready/serve): cannot reach the prober on ${door}: ENOENT\n`,
  ]);
  await using prober = new Running([
    "systemd-socket-activate",
    "--seqpacket",
    "--accept",
    "--inetd",
    "-l",
    door,
    ...JOURNAL,
    binary,
    "keeper",
  ]);
  await eventually(
    "the prober's socket",
    () => [...Deno.readDirSync(folder.path)].some(({ name }) => name === "prober.sock"),
    [prober],
  );
  await Deno.chown(door, UID, UID);
  const child = new Deno.Command("setpriv", {
    args: [...user.slice(1), binary, "serve", "--socket", socket, "--prober", door],
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).spawn();
  const keeper = await eventually(
    "a keeper",
    () => probersOf(prober).find(([, command]) => command.endsWith("keeper")),
    [prober],
  );
  await eventually(
    "the socket",
    () => [...Deno.readDirSync(folder.at("own"))].some(({ name }) => name === "cready.sock"),
    [
      prober,
    ],
  );
  Deno.kill(keeper[0], "SIGKILL");
  assert.equal((await child.status).code, 1);
  assert(
    ![...Deno.readDirSync(folder.at("own"))].some(({ name }) => name === "cready.sock"),
    "its own socket's file is left",
  );
});

Deno.test("cready-check.service leaves what it found, whatever that is", async () => {
  await using folder = new Folder("/tmp");
  const words = execStart("cready-check.service").map((word) =>
    word.replaceAll("/usr/bin/cready", `${path}/${NAMES.binary}`).replaceAll("/run/cready", folder.at("run"))
  );
  const { code, stderr } = await ran(words);
  assert(code === 0 || code === 1, stderr);
  const found = JSON.parse(Deno.readTextFileSync(folder.at("run/check.json")));
  assert.equal(found.findings.length > 40, true, JSON.stringify(found).slice(0, 300));
  assert.equal(Deno.statSync(folder.at("run/check.json")).mode! & 0o777, 0o644);
  assert.deepEqual([...Deno.readDirSync(folder.at("run"))].map(({ name }) => name), ["check.json"]);
});
