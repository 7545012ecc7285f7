/** What is in the packages: dependencies, licences, and the list of all that is inside. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { gunzipSync } from "node:zlib";
import { Spec, Validation } from "@cyclonedx/cyclonedx-library";
import { COMMANDS } from "../../cli/commands.ts";
import { GLIBC } from "../../scripts/package.d/nfpm.ts";
import { ARCH, DEBIAN_ARCH, EPOCH, NAMES, release, VERSION } from "./built.ts";
import { CACHE, Folder, must, ROOT, SCRIPT_ENV } from "./run.ts";

const path = await release();
const tools =
  (await must(["bash", "-c", 'root=$0; . "$root/scripts/env"; printf %s "$tools"', ROOT], { env: SCRIPT_ENV })).trim();
assert(tools.startsWith(CACHE), tools);

/** The versions of a library's symbols that an executable needs, the highest last. */
async function versions(file: string, name: string): Promise<string[]> {
  const found = await must(["readelf", "--version-info", "--wide", file]);
  const all = [...found.matchAll(new RegExp(`Name: ${name}_([0-9.]+)\\b`, "g"))].map((match) => match[1]!);
  return [...new Set(all)].sort((a, b) => a.localeCompare(b, "en", { numeric: true }));
}

Deno.test("the packages depend on the glibc, and the libraries, that the executable needs", async () => {
  const binary = `${path}/${NAMES.binary}`;
  const glibc = await versions(binary, "GLIBC");
  assert.equal(glibc.at(-1), GLIBC, `it needs ${glibc.join(" ")}`);
  assert.equal((await versions(binary, "GCC")).at(-1), "4.2.0");
  const needed = [...(await must(["readelf", "--dynamic", "--wide", binary])).matchAll(/\(NEEDED\).*\[(.*)\]/g)].map((
    match,
  ) => match[1]!);
  const fields = await must(["dpkg-deb", "--field", `${path}/${NAMES.deb}`, "Depends", "Architecture", "Version"]);
  assert.equal(
    fields,
    `Depends: libc6 (>= ${GLIBC}), libgcc-s1 (>= 4.2) | libgcc1 (>= 1:4.2)\nArchitecture: ${DEBIAN_ARCH}\nVersion: ${VERSION}\n`,
  );
  const requires = await must(["rpm", "-qp", "--requires", `${path}/${NAMES.rpm}`]);
  // The loader comes with libc.
  for (const name of needed.filter((name) => !name.startsWith("ld-"))) {
    assert(requires.includes(`${name}(`), `${name} in:\n${requires}`);
  }
  assert(requires.includes(`libc.so.6(GLIBC_${GLIBC})(64bit)`), requires);
});

Deno.test("the other architecture's runtime needs no newer glibc than the packages say", async () => {
  const other = ARCH === "x86_64" ? "aarch64" : "x86_64";
  await must([`${ROOT}/scripts/setup`, "denort", other], { env: SCRIPT_ENV });
  const glibc = await versions(`${tools}/denort-${other}`, "GLIBC");
  assert(glibc.length > 0 && glibc.at(-1)!.localeCompare(GLIBC, "en", { numeric: true }) <= 0, glibc.join(" "));
});

interface Bom {
  readonly metadata: {
    readonly timestamp: string;
    readonly component: { readonly version: string; readonly hashes: { content: string }[] };
  };
  readonly components: {
    readonly name: string;
    readonly version: string;
    readonly purl: string;
    readonly hashes?: { content: string }[];
    readonly licenses?: unknown[];
    readonly properties?: { name: string; value: string }[];
  }[];
}

const text = Deno.readTextFileSync(`${path}/${NAMES.sbom}`);
const bom: Bom = JSON.parse(text);

Deno.test("the list of all that is inside is a valid CycloneDX document, by CycloneDX's own library", async () => {
  const validator = new Validation.JsonStrictValidator(Spec.Version.v1dot6);
  assert.equal(await validator.validate(text), null);
  assert.notEqual(
    await validator.validate(text.replace('"type": "platform"', '"type": "plattform"')),
    null,
    "it takes everything",
  );
});

/** The npm packages whose files go into the bundle, by the comments that the bundler leaves when it does not minify. */
async function bundled(): Promise<string[]> {
  await using folder = new Folder();
  await must([
    `${tools}/deno`,
    "bundle",
    "--quiet",
    "--frozen",
    "--conditions",
    "module",
    "--outdir",
    folder.path,
    "main.ts",
  ], {
    cwd: ROOT,
    env: { ...SCRIPT_ENV, DENO_DIR: `${tools}/cache`, DENO_NO_UPDATE_CHECK: "1", NO_COLOR: "1" },
  });
  const comments = Deno.readTextFileSync(folder.at("main.js")).matchAll(
    /^\/\/ \S*\/npm\/[^/]+\/((?:@[^/]+\/)?[^/@]+)\/([^/]+)\//gm,
  );
  return [...new Set([...comments].map((match) => `${match[1]}@${match[2]}`))];
}

Deno.test("it names the executable, Deno's runtime, V8 and every npm package of the bundle, the page and GraphiQL", async () => {
  const { component, timestamp } = bom.metadata;
  assert.equal(component.version, VERSION);
  assert.equal(Date.parse(timestamp), EPOCH * 1000);
  const sha256 = (file: string) => createHash("sha256").update(Deno.readFileSync(file)).digest("hex");
  assert.equal(component.hashes[0]!.content, sha256(`${path}/${NAMES.binary}`));
  const named = new Map(bom.components.map((one) => [`${one.name}@${one.version}`, one]));
  const said = await must([`${tools}/deno`, "--version"], { env: { NO_COLOR: "1" } });
  const deno = /^deno (\S+)/m.exec(said)![1], v8 = /^v8 (\S+?)-rusty/m.exec(said)![1];
  assert.equal(named.get(`denort@${deno}`)?.hashes?.[0]?.content, sha256(`${tools}/denort-${ARCH}`));
  assert(named.has(`v8@${v8}`), v8);
  const packages = await bundled();
  assert(packages.length > 10, packages.join(" "));
  assert.deepEqual(packages.filter((name) => !named.has(name)), []);
  const page = /"preact": "npm:preact@(.*?)"/.exec(
    Deno.readTextFileSync(`${ROOT}/deno.json`) + Deno.readTextFileSync(`${ROOT}/page/deno.json`),
  );
  assert(page && named.has(`preact@${page[1]}`), String(page));
  const graphiql = /npm:graphiql@(.*?)"/.exec(Deno.readTextFileSync(`${ROOT}/scripts/graphiql/deno.json`))!;
  assert(named.has(`graphiql@${graphiql[1]}`), graphiql[1]);
  // Nothing that only tests need.
  for (const name of ["playwright-core", "ajv", "fast-check"]) {
    assert(!bom.components.some((one) => one.name === name), name);
  }
  assert(bom.components.some(({ purl }) => purl.startsWith("pkg:cargo/tokio@")), "no Rust crates");
});

Deno.test("every npm package has its licence in the packages, and so have Deno and V8", async () => {
  await using folder = new Folder();
  await must(["dpkg-deb", "--extract", `${path}/${NAMES.deb}`, folder.path]);
  const doc = folder.at("usr/share/doc/cready");
  const licences = new TextDecoder().decode(gunzipSync(Deno.readFileSync(`${doc}/third-party-licences.gz`)));
  const sections = new Map(
    [...licences.matchAll(/^={78}\n(.*)\n={78}\n([^]*?)(?=^={78}\n|$(?![^]))/gm)].map((
      match,
    ) => [match[1]!, match[2]!]),
  );
  const npm = bom.components.filter(({ purl }) => purl.startsWith("pkg:npm/"));
  assert(npm.length > 50, String(npm.length));
  for (const { name, version, licenses } of npm) {
    const [, body] = [...sections].find(([title]) => title.startsWith(`${name} ${version} (`)) ?? [];
    // The words that every licence of ours has in some form.
    assert.match(body ?? "", /permission|redistribut|licen[sc]e/i, `${name} ${version}`);
    assert((body ?? "").length > 400, `${name} ${version}: ${body}`);
    assert.equal(licenses?.length, 1, name);
  }
  for (const title of [/^Deno /, /^V8 /, /^ICU/]) {
    assert([...sections.keys()].some((one) => title.test(one)), String(title));
  }
  const copyright = Deno.readTextFileSync(`${doc}/copyright`);
  assert.match(copyright, /^Format: https:\/\/www\.debian\.org\/doc\/packaging-manuals\/copyright-format\/1\.0\/$/m);
  for (const { name, version } of npm) assert(copyright.includes(`npm/${name}@${version}`), name);
});

Deno.test("deb and rpm have the same files, where each distribution has them", async () => {
  const list = async (words: string[]) => (await must(words)).trim().split("\n");
  const deb = (await list(["dpkg-deb", "--contents", `${path}/${NAMES.deb}`])).map((line) => line.split(/\s+/));
  const rpm = (await list([
    "rpm",
    "-qp",
    "--queryformat",
    "[%{FILEMODES:perms} %{FILEUSERNAME}/%{FILEGROUPNAME} %{FILENAMES}\\n]",
    `${path}/${NAMES.rpm}`,
  ]))
    .map((line) => line.split(" "));
  const files = (rows: string[][]) =>
    rows.filter((row) => !row[0]!.startsWith("d")).map((row) => row.at(-1)!.replace(/^\./, "")).toSorted();
  const common = (names: string[]) => names.filter((name) => !/zsh|\/doc\/|\/licenses\/|lintian/.test(name));
  assert.deepEqual(common(files(deb)), common(files(rpm)));
  for (const row of [...deb, ...rpm]) {
    assert.equal(row[1], "root/root", row.join(" "));
    const name = row.at(-1)!;
    const mode = row[0]!.startsWith("d")
      ? "drwxr-xr-x"
      : name.endsWith("/usr/bin/cready")
      ? "-rwxr-xr-x"
      : "-rw-r--r--";
    assert.equal(row[0], mode, name);
  }
  const wanted = [
    ...COMMANDS.map(({ name }) => `/usr/share/man/man1/cready-${name}.1.gz`),
    "/usr/bin/cready",
    "/usr/share/man/man1/cready.1.gz",
    "/usr/share/bash-completion/completions/cready",
    "/usr/share/fish/vendor_completions.d/cready.fish",
    "/usr/lib/systemd/system/cready-serve.service",
    "/usr/lib/sysusers.d/cready.conf",
    "/usr/share/cready/schema.graphql",
    "/usr/share/cready/rules.json",
    ...[...Deno.readDirSync(`${ROOT}/schema/json`)].map(({ name }) => `/usr/share/cready/schema/${name}`),
    "/usr/share/cready/kubernetes/daemonset.yaml",
    "/usr/share/cready/prometheus/cready.rules.yml",
    "/usr/share/doc/cready/cready.cdx.json.gz",
  ];
  for (const names of [files(deb), files(rpm)]) assert.deepEqual(wanted.filter((name) => !names.includes(name)), []);
  assert(files(deb).includes("/usr/share/zsh/vendor-completions/_cready"));
  assert(files(rpm).includes("/usr/share/zsh/site-functions/_cready"));
  assert(files(rpm).includes("/usr/share/licenses/cready/LICENSE"));
});

Deno.test("the deb has at most 32 MB, the executable 100 MB", () => {
  const size = (name: string) => Deno.statSync(`${path}/${name}`).size;
  assert(size(NAMES.deb) <= 32_000_000, String(size(NAMES.deb)));
  assert(size(NAMES.binary) <= 100_000_000, String(size(NAMES.binary)));
});
