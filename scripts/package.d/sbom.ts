/** What the executable is made of, as a CycloneDX document (https://cyclonedx.org). */
import { createHash } from "node:crypto";
import type { NpmPackage, Runtime } from "./embedded.ts";

/** Of what a document is to be. */
export interface Subject {
  readonly version: string;
  readonly arch: string;
  /** The executable's bytes. */
  readonly sha256: string;
  /** Deno's version, and the hash of its runtime. */
  readonly deno: string;
  readonly denortSha256: string;
  /** Seconds since 1970. */
  readonly epoch: number;
}

const purl = (name: string, version: string) => `pkg:npm/${name.replace(/^@/, "%40")}@${encodeURIComponent(version)}`;

/** The document as JSON text; the same for the same input. */
export function sbom(subject: Subject, packages: readonly NpmPackage[], { v8, crates }: Runtime): string {
  const { version, arch, sha256, deno, denortSha256, epoch } = subject;
  const self = `pkg:generic/cready@${version}?arch=${arch}`, runtime = `pkg:generic/denort@${deno}?arch=${arch}`;
  const engine = `pkg:generic/v8@${v8}`;
  const npm = packages.map(({ name, version, integrity, licence, part }) => ({
    type: "library",
    "bom-ref": purl(name, version),
    name,
    version,
    hashes: [{
      alg: "SHA-512",
      content: hexOf(integrity.replace(/^sha512-/, "")),
    }],
    licenses: licence.includes(" ")
      ? [{ expression: licence.replace(/^\((.*)\)$/, "$1") }]
      : [{ license: { id: licence } }],
    purl: purl(name, version),
    properties: [{ name: "cready:part", value: part }],
  }));
  // Deno's releases tell no licences of their crates, and no hashes; nor which crates have no message of their own.
  const rust = crates.map(([name, version]) => ({
    type: "library",
    "bom-ref": `pkg:cargo/${name}@${encodeURIComponent(version)}`,
    name,
    version,
    purl: `pkg:cargo/${name}@${encodeURIComponent(version)}`,
    properties: [{ name: "cready:part", value: "denort" }],
  }));
  const body = {
    metadata: {
      timestamp: new Date(epoch * 1000).toISOString().replace(/\.000Z$/, "Z"),
      component: {
        type: "application",
        "bom-ref": self,
        name: "cready",
        version,
        description: "Tells whether CRIU can checkpoint and restore here, and if not, why",
        hashes: [{ alg: "SHA-256", content: sha256 }],
        licenses: [{ license: { id: "Apache-2.0" } }],
        purl: self,
      },
    },
    components: [
      {
        type: "platform",
        "bom-ref": runtime,
        name: "denort",
        version: deno,
        description: "Deno's runtime for compiled programs",
        hashes: [{ alg: "SHA-256", content: denortSha256 }],
        licenses: [{ license: { id: "MIT" } }],
        cpe: `cpe:2.3:a:deno:deno:${deno}:*:*:*:*:*:*:*`,
        purl: runtime,
      },
      {
        type: "library",
        "bom-ref": engine,
        name: "v8",
        version: v8,
        licenses: [{ license: { id: "BSD-3-Clause" } }],
        purl: engine,
        properties: [{ name: "cready:part", value: "denort" }],
      },
      ...npm,
      ...rust,
    ],
    dependencies: [
      { ref: self, dependsOn: [runtime, ...npm.map((one) => one["bom-ref"])] },
      { ref: runtime, dependsOn: [engine, ...rust.map((one) => one["bom-ref"])] },
    ],
    compositions: [
      // Only those crates are there that name themselves in the executable.
      { aggregate: "incomplete", assemblies: [runtime] },
      { aggregate: "complete", assemblies: [self] },
    ],
  };
  return `${
    JSON.stringify(
      {
        $schema: "http://cyclonedx.org/schema/bom-1.6.schema.json",
        bomFormat: "CycloneDX",
        specVersion: "1.6",
        serialNumber: `urn:uuid:${uuidOf(JSON.stringify(body))}`,
        version: 1,
        ...body,
      },
      null,
      1,
    )
  }\n`;
}

/** Base64 as hexadecimal digits. */
function hexOf(text: string): string {
  return Uint8Array.fromBase64(text).toHex();
}

/** A UUID (version 8, of our own making) of a text. */
function uuidOf(text: string): string {
  const hex = createHash("sha256").update(text).digest("hex");
  return [hex.slice(0, 8), hex.slice(8, 12), `8${hex.slice(13, 16)}`, `8${hex.slice(17, 20)}`, hex.slice(20, 32)]
    .join("-");
}
