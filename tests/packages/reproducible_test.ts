/** The same sources give the same bytes, whoever builds them, where and when. */
import assert from "node:assert/strict";
import { ARCH, checkout, NAMES, release, script, TAG } from "./built.ts";
import { CACHE, Folder, must, ran, SCRIPT_ENV } from "./run.ts";

/** What a build must not depend on: another user, in another folder, with other habits. */
const OTHER = {
  TZ: "Asia/Kathmandu",
  LC_ALL: "de_DE.UTF-8",
  LANG: "de_DE.UTF-8",
  LANGUAGE: "de",
  USER: "somebody",
  LOGNAME: "somebody",
  HOME: "/nonexistent",
  CREADY_CACHE: CACHE,
};

Deno.test("a second build by another user, in another folder, zone, language and umask, gives the same bytes", async () => {
  const first = await release();
  await using folder = new Folder();
  const other = folder.at("another place/of another/depth");
  await checkout(other);
  const words = [
    "unshare",
    "--user",
    "--map-user=12345",
    "--map-group=12345",
    "sh",
    "-c",
    'umask 077 && exec "$0" "$@"',
  ];
  const built = await ran([...words, `${other}/scripts/release`, TAG, ARCH], {
    env: { ...SCRIPT_ENV, ...OTHER },
    cwd: "/",
  });
  assert.equal(built.code, 0, built.stdout + built.stderr);
  const sums = (path: string) => Deno.readTextFileSync(`${path}/SHA256SUMS`);
  assert.equal(sums(`${other}/dist/release`), sums(first));
  // The sums are of all that there is, and of what is there.
  const listed = sums(first).trim().split("\n").map((line) => line.split("  ")[1]!);
  assert.deepEqual(listed.toSorted(), Object.values(NAMES).toSorted());
  for (const path of [first, `${other}/dist/release`]) {
    assert.deepEqual(
      [...Deno.readDirSync(path)].map(({ name }) => name).toSorted(),
      [...listed, "SHA256SUMS"].toSorted(),
    );
    await must(["sha256sum", "--check", "--quiet", "SHA256SUMS"], { cwd: path });
  }
});

Deno.test("a release is refused that would not be what its tag says", async (t) => {
  await using folder = new Folder();
  const place = folder.at("checkout");
  await checkout(place);
  const refused = async (words: readonly string[], why: RegExp, env: Record<string, string> = {}) => {
    const { code, stdout, stderr } = await script(place, ["release", ...words], { env });
    assert.deepEqual([code, stdout], [1, ""], stderr);
    assert.match(stderr, why);
    assert.equal(await must(["sh", "-c", "ls -A dist 2>/dev/null || :"], { cwd: place }), "", "something was made");
  };
  const git = async (...words: string[]) => {
    const { git } = await import("./built.ts");
    return await git(place, ...words);
  };

  await t.step("without a tag, or with one that is not there", async () => {
    await refused([], /^release: usage: /);
    await refused(["v9.9.9"], /^release: there is no tag v9\.9\.9\.$/m);
  });

  await t.step("with changes that are not committed, also in a new file", async () => {
    Deno.writeTextFileSync(`${place}/new.ts`, "");
    await refused([TAG], /not committed: \?\? new\.ts/);
    Deno.removeSync(`${place}/new.ts`);
    const text = Deno.readTextFileSync(`${place}/main.ts`);
    Deno.writeTextFileSync(`${place}/main.ts`, `${text}\n`);
    await refused([TAG], /not committed:  ?M main\.ts/);
    Deno.writeTextFileSync(`${place}/main.ts`, text);
  });

  await t.step("with a denort of which one byte is another", async () => {
    const tools = [...Deno.readDirSync(CACHE)].map(({ name }) => name).filter((name) => /^deno-/.test(name));
    const cache = folder.at("cache");
    for (const name of tools) {
      Deno.mkdirSync(`${cache}/${name}`, { recursive: true });
      for (const { name: file } of Deno.readDirSync(`${CACHE}/${name}`)) {
        if (file.startsWith(".")) continue;
        if (file === `denort-${ARCH}`) await Deno.copyFile(`${CACHE}/${name}/${file}`, `${cache}/${name}/${file}`);
        else Deno.symlinkSync(`${CACHE}/${name}/${file}`, `${cache}/${name}/${file}`);
      }
      using denort = await Deno.open(`${cache}/${name}/denort-${ARCH}`, { read: true, write: true });
      await denort.seek(40_000_000, Deno.SeekMode.Start);
      const byte = new Uint8Array(1);
      await denort.read(byte);
      await denort.seek(40_000_000, Deno.SeekMode.Start);
      await denort.write(new Uint8Array([byte[0]! ^ 1]));
    }
    assert(tools.length > 0, `no Deno in ${CACHE}`);
    const why = new RegExp(`denort-${ARCH} has not the hash in scripts/pins`);
    await refused([TAG, ARCH], why, { CREADY_CACHE: cache });
    const { code, stderr } = await script(place, ["compile", folder.at("out/cready")], {
      env: { CREADY_CACHE: cache },
    });
    assert.equal(code, 1);
    assert.match(stderr, why);
  });

  await t.step("of another commit than the one that is checked out", async () => {
    await git("commit", "-q", "--allow-empty", "-m", "later");
    await refused([TAG], /is not the commit that is checked out/);
  });

  await t.step("of another version", async () => {
    await git("tag", "v0.0.1");
    await refused(
      ["v0.0.1"],
      new RegExp(`is not the tag of version .*; that would be ${TAG.replaceAll(".", "\\.")}\\.`),
    );
  });
});
