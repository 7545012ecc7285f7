/** Which files a package has, and where. */
import { gzipSync } from "node:zlib";
import { COMMANDS } from "../../cli/commands.ts";
import { bash } from "../../cli/completion/bash.ts";
import { completed } from "../../cli/completion/completed.ts";
import { fish } from "../../cli/completion/fish.ts";
import { zsh } from "../../cli/completion/zsh.ts";

/** A file of a package. */
export interface Content {
  /** Absolute, on the user's machine. */
  readonly path: string;
  readonly mode: number;
  readonly bytes: Uint8Array;
  /** rpm marks licences, so that they stay when documentation is left out. */
  readonly licence?: boolean;
}

/** The kinds of packages. */
export type Kind = "deb" | "rpm";

/** What is made beforehand, as texts. */
export interface Made {
  readonly binary: Uint8Array;
  readonly sbom: string;
  readonly thirdParty: string;
  readonly debianCopyright: string;
  readonly debianChangelog: string;
}

const ROOT = new URL("../../", import.meta.url);
const DOC = "/usr/share/doc/cready", DATA = "/usr/share/cready", SYSTEMD = "/usr/lib/systemd/system";
const ZSH: Readonly<Record<Kind, string>> = { deb: "vendor-completions", rpm: "site-functions" };

const file = (path: string) => Deno.readFileSync(new URL(path, ROOT));
const encoded = (text: string) => new TextEncoder().encode(text);
const names = (folder: string, pattern: RegExp) =>
  [...Deno.readDirSync(new URL(folder, ROOT))].map(({ name }) => name).filter((name) => pattern.test(name)).sort();
const gz = (bytes: Uint8Array) => gzipSync(bytes, { level: 9 });

/** The files of a package, by path. */
export async function contents(kind: Kind, made: Made): Promise<Content[]> {
  const found: Content[] = [];
  const put = (path: string, bytes: Uint8Array | string, more: Partial<Content> = {}) =>
    found.push({ path, mode: 0o644, bytes: typeof bytes === "string" ? encoded(bytes) : bytes, ...more });

  put("/usr/bin/cready", made.binary, { mode: 0o755 });
  for (const name of names("packaging/man/", /\.1$/)) {
    put(`/usr/share/man/man1/${name}.gz`, gz(file(`packaging/man/${name}`)));
  }
  const commands = await completed(COMMANDS);
  put("/usr/share/bash-completion/completions/cready", bash(commands));
  put(`/usr/share/zsh/${ZSH[kind]}/_cready`, zsh(commands));
  put("/usr/share/fish/vendor_completions.d/cready.fish", fish(commands));
  for (const name of names("packaging/systemd/", /\.(service|socket|timer)$/)) {
    put(`${SYSTEMD}/${name}`, file(`packaging/systemd/${name}`));
  }
  for (const name of names("packaging/sysusers.d/", /\.conf$/)) {
    put(`/usr/lib/sysusers.d/${name}`, file(`packaging/sysusers.d/${name}`));
  }

  put(`${DATA}/schema.graphql`, file("docs/schema.graphql"));
  for (const name of names("schema/json/", /\.json$/)) put(`${DATA}/schema/${name}`, file(`schema/json/${name}`));
  for (const name of ["rules.json", "differences.json"]) put(`${DATA}/${name}`, file(`docs/${name}`));
  for (const name of names("packaging/kubernetes/", /\.yaml$/)) {
    put(`${DATA}/kubernetes/${name}`, file(`packaging/kubernetes/${name}`));
  }
  for (const name of names("packaging/prometheus/", /\.rules\.yml$/)) {
    put(`${DATA}/prometheus/${name}`, file(`packaging/prometheus/${name}`));
  }

  put(`${DOC}/cready.cdx.json.gz`, gz(encoded(made.sbom)));
  put(`${DOC}/CHANGELOG.md.gz`, gz(file("CHANGELOG.md")));
  const third = gz(encoded(made.thirdParty));
  if (kind === "deb") {
    put(`${DOC}/copyright`, made.debianCopyright);
    put(`${DOC}/changelog.gz`, gz(encoded(made.debianChangelog)));
    put(`${DOC}/third-party-licences.gz`, third);
    put("/usr/share/lintian/overrides/cready", file("packaging/lintian-overrides"));
  } else {
    put("/usr/share/licenses/cready/LICENSE", file("LICENSE"), { licence: true });
    put("/usr/share/licenses/cready/third-party-licences.gz", third, { licence: true });
  }
  return found.sort((a, b) => a.path < b.path ? -1 : 1);
}
