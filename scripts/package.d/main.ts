/**
 * Makes the packages of one executable; scripts/package runs it:
 *
 *     main.ts --root DIR --deno FILE --denort FILE --binary FILE --nfpm FILE --base DIR --arch ARCH --epoch N --out DIR --only KIND
 */
import { createHash } from "node:crypto";
import { parseArgs } from "node:util";
import { VERSION } from "../../version.ts";
import { type Content, contents, type Kind } from "./contents.ts";
import { npmPackages, runtimeOf } from "./embedded.ts";
import { debianCopyright, thirdParty } from "./licences.ts";
import { baseLayer } from "./base.ts";
import { ARCHITECTURES, fileName, nfpmConfig } from "./nfpm.ts";
import { writeLayout } from "./oci.ts";
import { sbom } from "./sbom.ts";

const names = ["root", "deno", "denort", "binary", "nfpm", "base", "arch", "epoch", "out", "only"] as const;
const { values } = parseArgs({ options: Object.fromEntries(names.map((name) => [name, { type: "string" as const }])) });
const given = (name: typeof names[number]): string => {
  const value = values[name];
  if (typeof value !== "string") throw new Error(`--${name} is missing`);
  return value;
};

const root = given("root"), arch = given("arch"), out = given("out"), epoch = Number(given("epoch"));
const binary = Deno.readFileSync(given("binary"));
const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");
const deno = Deno.version.deno;
const packages = npmPackages(root, given("deno")), runtime = runtimeOf(given("denort"));
const bom = sbom(
  {
    version: VERSION,
    arch,
    sha256: sha256(binary),
    deno,
    denortSha256: sha256(Deno.readFileSync(given("denort"))),
    epoch,
  },
  packages,
  runtime,
);
const licences = thirdParty(packages, runtime, deno);
const date = new Date(epoch * 1000).toUTCString().replace("GMT", "+0000");
const made = {
  binary,
  sbom: bom,
  thirdParty: licences,
  debianCopyright: debianCopyright(packages, runtime, deno),
  debianChangelog: `cready (${VERSION}) unstable; urgency=medium\n\n  * See CHANGELOG.md.gz.\n\n` +
    ` -- The cready maintainers <maintainers@cready.invalid>  ${date}\n`,
};

async function pack(kind: Kind): Promise<void> {
  const stage = await Deno.makeTempDir({ dir: out, prefix: ".stage-" });
  try {
    const files = await contents(kind, made);
    const staged = ({ path }: Content) => path === "/usr/bin/cready" ? given("binary") : `${stage}${path}`;
    for (const content of files) {
      if (staged(content) === given("binary")) continue;
      await Deno.mkdir(staged(content).replace(/\/[^/]*$/, ""), { recursive: true });
      await Deno.writeFile(staged(content), content.bytes);
    }
    const config = `${stage}/nfpm.json`, target = `${out}/${fileName(kind, VERSION, arch)}`;
    await Deno.writeTextFile(config, JSON.stringify(nfpmConfig(kind, VERSION, arch, epoch, root, files, staged)));
    const { success, stdout, stderr } = await new Deno.Command(given("nfpm"), {
      args: ["package", "--config", config, "--packager", kind, "--target", target],
      // One thread, so that no other number of them gives other bytes.
      env: { SOURCE_DATE_EPOCH: String(epoch), GOMAXPROCS: "1" },
    }).output();
    const said = new TextDecoder();
    if (!success) throw new Error(`nfpm failed for ${kind}: ${said.decode(stdout)}${said.decode(stderr)}`);
  } finally {
    await Deno.remove(stage, { recursive: true });
  }
}

Deno.writeTextFileSync(`${out}/cready-${VERSION}-${arch}.cdx.json`, bom);
const wanted = (kind: string) => given("only") === "" || given("only") === kind;
for (const kind of ["deb", "rpm"] as const) if (wanted(kind)) await pack(kind);
if (wanted("image")) await image();

async function image(): Promise<void> {
  const base = baseLayer(given("base"), arch);
  const text = (path: string, content: string) => ({ path, mode: 0o644, bytes: new TextEncoder().encode(content) });
  const layout = `${out}/cready-${VERSION}-${arch}.oci`;
  await Deno.remove(layout, { recursive: true }).catch((error) => {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  });
  writeLayout(layout, {
    name: VERSION,
    architecture: ARCHITECTURES[arch]!.deb,
    epoch,
    labels: {
      "org.opencontainers.image.title": "cready",
      "org.opencontainers.image.description": "Tells whether CRIU can checkpoint and restore here, and if not, why",
      "org.opencontainers.image.version": VERSION,
      "org.opencontainers.image.licenses": "Apache-2.0",
      "org.opencontainers.image.created": new Date(epoch * 1000).toISOString().replace(/\.000Z$/, "Z"),
      "cready.debian.packages": base.packages,
    },
    layers: [
      base.entries,
      [
        { path: "usr/bin/cready", mode: 0o755, bytes: binary },
        { path: "usr/share/doc/cready/LICENSE", mode: 0o644, bytes: Deno.readFileSync(`${root}/LICENSE`) },
        text("usr/share/doc/cready/third-party-licences", licences),
        text("usr/share/doc/cready/cready.cdx.json", bom),
      ],
    ],
    config: { Entrypoint: ["/usr/bin/cready"], Env: ["PATH=/usr/sbin:/usr/bin:/sbin:/bin"], WorkingDir: "/" },
  });
}
