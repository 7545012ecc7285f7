/** The licences of all that the executable contains. */
import type { NpmPackage, Runtime } from "./embedded.ts";

/** Where the texts lie that packages do not bring themselves. */
const TEXTS = new URL("../../packaging/licences/", import.meta.url);
const APACHE = new URL("../../LICENSE", import.meta.url);

/** The text of a licence by its SPDX identifier. */
function textOf(id: string): string {
  if (id === "Apache-2.0") return Deno.readTextFileSync(APACHE);
  try {
    return Deno.readTextFileSync(new URL(`${id}.txt`, TEXTS));
  } catch {
    throw new Error(`packaging/licences has no ${id}.txt, and a package needs it that brings no licence file`);
  }
}

/** The licence of an npm package: its own files, or where it has none the texts of what it declares. */
export function licenceOf({ name, version, folder, licence, author }: NpmPackage): string {
  const files = [...Deno.readDirSync(folder)].map((entry) => entry.name)
    .filter((file) => /^(licen[cs]e|copying|notice)/i.test(file)).sort();
  const own = files.map((file) => Deno.readTextFileSync(`${folder}/${file}`).trim());
  if (files.some((file) => !/^notice/i.test(file))) return own.join("\n\n");
  const ids = licence.replaceAll(/[()]/g, "").split(/ (?:AND|OR) /);
  const said = `${name} ${version} brings no licence file. Its package.json declares ${licence}` +
    (author ? `, and as its author ${author}.` : ".");
  return [said, ...ids.map((id) => textOf(id).trim()), ...own].join("\n\n");
}

/** Deno's own licence, as version 2.6.10 has it. */
const DENO = "MIT License\n\nCopyright 2018-2026 the Deno authors\n\n";
const V8 = "Copyright 2006-2011, the V8 project authors. All rights reserved.\n";
const RULE = "=".repeat(78);

/** One file with everything: what each part is, under which licence, and what is not known. */
export function thirdParty(packages: readonly NpmPackage[], { v8, crates }: Runtime, deno: string): string {
  const section = (title: string, text: string) => `${RULE}\n${title}\n${RULE}\n\n${text.trim()}\n`;
  return [
    `The executable cready contains, besides cready itself (Apache-2.0, see LICENSE):

  * Deno ${deno}'s runtime denort, MIT
  * V8 ${v8}, BSD-3-Clause, and in it ICU with data of Unicode, Unicode-3.0
  * ${packages.length} npm packages
  * Rust crates, which are part of denort

Not here are the licence texts of the Rust crates, and of the C libraries that some of them bring: Deno's releases have
no file with them. The crates that name themselves in the executable are listed at the end; the sources of each, with its
licence, are on crates.io. Nor are here the notices of what V8 includes besides ICU.
`,
    section(`Deno ${deno}`, DENO + textOf("MIT")),
    section(`V8 ${v8}`, `${V8}\n${textOf("BSD-3-Clause").replace("the copyright holder nor", "Google Inc. nor")}`),
    section("ICU, and data of Unicode", textOf("Unicode-3.0")),
    ...packages.map((one) => section(`${one.name} ${one.version} (${one.licence})`, licenceOf(one))),
    section("Rust crates that name themselves in denort", crates.map((crate) => crate.join(" ")).join("\n")),
  ].join("\n");
}

/** debian/copyright in the machine-readable form, version 1.0. */
export function debianCopyright(packages: readonly NpmPackage[], { v8 }: Runtime, deno: string): string {
  const indented = (text: string) =>
    text.trim().split("\n").map((line) => line.trim() === "" ? " ." : ` ${line}`).join("\n");
  const byLicence = Map.groupBy(packages, ({ licence }) => licence);
  return `Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/
Upstream-Name: cready
Comment:
 The executable contains Deno ${deno}, V8 ${v8} and npm packages. Their licences, and what is not known
 of them, are in /usr/share/doc/cready/third-party-licences.gz; versions and hashes in
 /usr/share/doc/cready/cready.cdx.json.gz.

Files: *
Copyright: the cready maintainers
License: Apache-2.0
 On Debian systems the full text of the Apache License, Version 2.0, is in
 /usr/share/common-licenses/Apache-2.0.

Files: deno
Copyright: 2018-2026 the Deno authors
License: Expat
${indented(textOf("MIT"))}

Files: v8
Copyright: 2006-2011 the V8 project authors
License: BSD-3-Clause
${indented(textOf("BSD-3-Clause"))}

Files: icu
Copyright: 2016-2025 Unicode, Inc.
License: Unicode-3.0
${indented(textOf("Unicode-3.0"))}
${
    [...byLicence.keys()].sort().map((licence) => `
Files: ${byLicence.get(licence)!.map(({ name, version }) => `npm/${name}@${version}`).join("\n ")}
Copyright: see third-party-licences.gz
License: ${licence.replaceAll(/[()]/g, "").replaceAll(" AND ", " and ").replaceAll(" OR ", " or ")}
 See third-party-licences.gz.
`).join("")
  }`;
}
