/** The OCI image, looked at by skopeo, and run. */
import assert from "node:assert/strict";
import { DEBIAN_ARCH, NAMES, release, VERSION } from "./built.ts";
import { Folder, must, ran } from "./run.ts";

interface Manifest {
  readonly layers: readonly { readonly digest: string }[];
}

/** The layout, out of its archive. */
async function layout(folder: Folder): Promise<string> {
  Deno.mkdirSync(folder.at("oci"));
  await must(["tar", "-x", "-C", folder.at("oci"), "-f", `${await release()}/${NAMES.image}`]);
  return folder.at("oci");
}

Deno.test("skopeo reads the image, its config and its platform, and copies it", async () => {
  await using folder = new Folder();
  const name = `oci:${await layout(folder)}:${VERSION}`;
  const seen = JSON.parse(await must(["skopeo", "inspect", name]));
  assert.deepEqual([seen.Architecture, seen.Os, seen.Layers.length], [DEBIAN_ARCH, "linux", 2]);
  assert.equal(seen.Labels["org.opencontainers.image.version"], VERSION);
  assert.equal(seen.Labels["org.opencontainers.image.licenses"], "Apache-2.0");
  const { config } = JSON.parse(await must(["skopeo", "inspect", "--config", name]));
  assert.deepEqual(config.Entrypoint, ["/usr/bin/cready"]);
  // A copy is checked: each blob's digest and size, and each layer's digest when it is unpacked.
  await must(["skopeo", "copy", "--insecure-policy", "--quiet", name, `dir:${folder.at("copy")}`]);
  await must([
    "skopeo",
    "copy",
    "--insecure-policy",
    "--quiet",
    name,
    `docker-archive:${folder.at("docker.tar")}:cready:${VERSION}`,
  ]);
  const archive = `oci-archive:${await release()}/${NAMES.image}:${VERSION}`;
  assert.equal(JSON.parse(await must(["skopeo", "inspect", archive])).Digest, seen.Digest);
  // A byte that is another one is seen.
  const manifest: Manifest = JSON.parse(await must(["skopeo", "inspect", "--raw", name]));
  const blob = `${folder.at("oci")}/blobs/sha256/${manifest.layers[1]!.digest.slice(7)}`;
  const bytes = await Deno.readFile(blob);
  bytes[bytes.length >> 1]! ^= 1;
  await Deno.writeFile(blob, bytes);
  assert.notEqual(
    (await ran(["skopeo", "copy", "--insecure-policy", "--quiet", name, `dir:${folder.at("broken")}`])).code,
    0,
  );
});

Deno.test("the image runs: --version and check answer as outside, with nothing else in it", async () => {
  await using folder = new Folder();
  const path = await layout(folder), root = folder.at("root");
  const manifest: Manifest = JSON.parse(await must(["skopeo", "inspect", "--raw", `oci:${path}:${VERSION}`]));
  Deno.mkdirSync(root);
  for (const { digest } of manifest.layers) {
    await must(["tar", "-x", "-z", "-p", "-C", root, "-f", `${path}/blobs/sha256/${digest.slice(7)}`]);
  }
  // No shell, no package manager.
  const programs = await must(["find", root, "-type", "f", "-perm", "/111", "-printf", "%f\n"]);
  assert.deepEqual(programs.trim().split("\n").filter((name) => !/^ld-linux/.test(name)), ["cready"]);
  const bwrap = [
    "bwrap",
    "--ro-bind",
    root,
    "/",
    "--proc",
    "/proc",
    "--dev-bind",
    "/dev",
    "/dev",
    "--ro-bind",
    "/sys",
    "/sys",
    "--tmpfs",
    "/tmp",
  ];
  const inside = (...words: string[]) => ran([...bwrap, "/usr/bin/cready", ...words]);
  const binary = `${await release()}/${NAMES.binary}`;
  assert.deepEqual(await inside("--version"), await ran([binary, "--version"]));
  const check = await inside("check");
  assert.deepEqual(
    [check.code, check.stdout],
    await ran([binary, "check"]).then(({ code, stdout }) => [code, stdout]),
    check.stderr,
  );
});
