/** The rpm in the hands of rpm's own tools. */
import assert from "node:assert/strict";
import { ARCH, NAMES, release, VERSION } from "./built.ts";
import { Folder, must, ran } from "./run.ts";

const rpm = `${await release()}/${NAMES.rpm}`;

Deno.test("rpm takes it: digests, names, scripts", async () => {
  assert.match(await must(["rpm", "-K", "--nosignature", rpm]), /: digests OK$/m);
  const about = await must([
    "rpm",
    "-qp",
    "--queryformat",
    "%{NAME} %{VERSION} %{RELEASE} %{ARCH} %{LICENSE} %{BUILDHOST}\n",
    rpm,
  ]);
  assert.equal(about, `cready ${VERSION} 1 ${ARCH} Apache-2.0 localhost\n`);
  const scripts = await must(["rpm", "-qp", "--scripts", rpm]);
  for (const name of ["postinstall", "preuninstall", "postuninstall"]) {
    assert.match(scripts, new RegExp(`^${name} scriptlet`, "m"));
  }
  assert.match(await must(["rpm", "-qp", "--docfiles", rpm]), /^\/usr\/share\/man\/man1\/cready\.1\.gz$/m);
  assert.match(await must(["rpm", "-qp", "--licensefiles", rpm]), /^\/usr\/share\/licenses\/cready\/LICENSE$/m);
});

Deno.test("it is installed into an empty system with a database of its own, verified, and erased without a trace", async () => {
  await using folder = new Folder();
  const root = folder.at("root");
  Deno.mkdirSync(root);
  // There is no shell and no libc in there: scripts and dependencies are for systems that have them.
  const words = (...more: string[]) => ["rpm", "--root", root, "--dbpath", "/var/lib/rpm", ...more];
  await must(words("--initdb"));
  const files = async () =>
    (await must(["find", root, "-path", `${root}/var/lib/rpm`, "-prune", "-o", "-printf", "%P %y\n"])).split("\n")
      .toSorted();
  const before = await files();
  await must(words("--install", "--nodeps", "--noscripts", "--nosignature", rpm));
  assert.equal(await must(words("--query", "cready")), `cready-${VERSION}-1.${ARCH}\n`);
  const verified = await ran(words("--verify", "--nodeps", "--noscripts", "cready"));
  assert.deepEqual([verified.code, verified.stdout], [0, ""], verified.stderr);
  assert.match(
    await must([`${root}/usr/bin/cready`, "--version"]),
    new RegExp(`^cready ${VERSION.replaceAll(".", "\\.")}`),
  );
  await must(words("--erase", "--noscripts", "cready"));
  // Folders that other packages have, too, stay; those of cready alone do not.
  const left = (await files()).filter((one) => !before.includes(one));
  assert.deepEqual(left.filter((one) => !one.endsWith(" d") || one.includes("cready")), []);
});

Deno.test("rpm2cpio and cpio unpack it", async () => {
  await using folder = new Folder();
  await must(["sh", "-c", 'rpm2cpio "$0" | cpio --extract --make-directories --no-absolute-filenames --quiet', rpm], {
    cwd: folder.path,
  });
  const unpacked = await must(["sha256sum", folder.at("usr/bin/cready")]),
    built = await must(["sha256sum", `${await release()}/${NAMES.binary}`]);
  assert.equal(unpacked.slice(0, 64), built.slice(0, 64));
});
