/** The deb in real Debians: installed, used, upgraded, purged. */
import assert from "node:assert/strict";
import { checkout, DEBIAN_ARCH, EPOCH, NAMES, release, script, VERSION } from "./built.ts";
import { Folder, must, ran } from "./run.ts";
import { differences, Tree } from "./tree.ts";

const LATER = "0.99.0";
const builds = new Folder();
globalThis.addEventListener("unload", () => Deno.removeSync(builds.path, { recursive: true }));
const deb = `${await release()}/${NAMES.deb}`;

let later: Promise<string> | undefined;

/** The same program with another number, as its next version. */
async function makeLater(): Promise<string> {
  const place = builds.at("later");
  await checkout(place, (path) => {
    const file = `${path}/version.ts`;
    Deno.writeTextFileSync(file, Deno.readTextFileSync(file).replace(`VERSION = "${VERSION}"`, `VERSION = "${LATER}"`));
    // One file less, and another one.
    Deno.removeSync(`${path}/packaging/kubernetes/nodefeaturerule.yaml`);
    Deno.writeTextFileSync(`${path}/packaging/kubernetes/later.yaml`, "later: true\n");
  });
  const { code, stdout, stderr } = await script(place, ["package", "--only", "deb"], {
    env: { SOURCE_DATE_EPOCH: String(EPOCH) },
  });
  assert.equal(code, 0, stdout + stderr);
  return `${place}/dist/cready_${LATER}_${DEBIAN_ARCH}.deb`;
}

async function install(tree: Tree, file: string): Promise<void> {
  await Deno.copyFile(file, tree.at("/cready.deb"));
  await tree.must("dpkg", "--install", "/cready.deb");
  await Deno.remove(tree.at("/cready.deb"));
  assert.equal(await tree.must("dpkg-query", "-W", "-f", "${db:Status-Status}", "cready"), "installed");
  assert.equal(await tree.must("dpkg", "--verify", "cready"), "");
}

/** What anybody would try first. */
async function use(tree: Tree, version: string): Promise<void> {
  assert.match(await tree.must("cready", "--version"), new RegExp(`^cready ${version.replaceAll(".", "\\.")}\\b`, "m"));
  const inside = await tree.ran("cready", "check"),
    outside = await ran([`${await release()}/${NAMES.binary}`, "check"]);
  assert.deepEqual(inside, outside, "`cready check` answers otherwise than outside");
  const man = await must(["man", "-E", "UTF-8", "-l", tree.at("/usr/share/man/man1/cready-check.1.gz")], {
    env: { MANPAGER: "cat", MANWIDTH: "80" },
  });
  assert.match(man, /asks the kernel for what CRIU needs/);
  // A shell of this Debian takes the completions.
  const completion = "/usr/share/bash-completion/completions/cready";
  const completed =
    '. "$0"; complete -p cready >/dev/null; COMP_WORDS=(cready insp) COMP_CWORD=1 COMP_LINE="cready insp" COMP_POINT=11; ' +
    'f=$(complete -p cready); f=${f#*-F }; ${f%% *} cready insp cready; printf "%s\\n" "${COMPREPLY[@]}"';
  assert.match(await tree.must("bash", "-c", completed, completion), /^inspect *$/m);
  for (
    const path of ["/usr/share/zsh/vendor-completions/_cready", "/usr/share/fish/vendor_completions.d/cready.fish"]
  ) {
    assert(Deno.statSync(tree.at(path)).size > 1000, path);
  }
}

async function life(tree: Tree, systemd: boolean): Promise<void> {
  const before = await tree.listing();
  await install(tree, deb);
  await use(tree, VERSION);
  const user = async () => (await tree.ran("getent", "passwd", "cready")).stdout;
  assert.equal(/^cready:/.test(await user()), systemd, "only systemd's units need the user");
  if (systemd) await tree.must("systemctl", "enable", "cready-serve.socket", "cready-export.timer");

  await install(tree, await (later ??= makeLater()));
  await use(tree, LATER);
  assert(
    !(await tree.listing()).has("usr/share/cready/kubernetes/nodefeaturerule.yaml"),
    "a file of the old version is left",
  );
  assert((await tree.listing()).has("usr/share/cready/kubernetes/later.yaml"));
  if (systemd) {
    assert.equal((await tree.must("systemctl", "is-enabled", "cready-serve.socket")).trim(), "enabled");
    assert.match(await user(), /^cready:/);
  }

  await tree.must("dpkg", "--remove", "cready");
  assert.equal((await tree.ran("cready", "--version")).code, 127);
  await tree.must("dpkg", "--purge", "cready");
  assert.equal((await tree.ran("dpkg-query", "-W", "cready")).code, 1);
  assert.deepEqual(differences(before, await tree.listing()), []);
}

Deno.test("the deb installed, used, upgraded and purged in a new Debian 12 with systemd leaves nothing", async () => {
  await using folder = new Folder();
  await life(await Tree.fresh("bookworm", folder.at("tree"), "systemd"), true);
});

for (const suite of ["trixie", "sid"]) {
  Deno.test(`the same in Debian ${suite}, without systemd`, async () => {
    await using folder = new Folder();
    await life(await Tree.kept(suite, folder.at("tree")), false);
  });
}
