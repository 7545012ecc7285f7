/** An OCI image layout (https://github.com/opencontainers/image-spec), made without a daemon. */
import { createHash } from "node:crypto";
import { gzipSync } from "node:zlib";
import { type Entry, tar, withFolders } from "./tar.ts";

/** What an image is to be. */
export interface Image {
  readonly name: string;
  /** `amd64` or `arm64`. */
  readonly architecture: string;
  readonly labels: Readonly<Record<string, string>>;
  /** The lowest first: what changes seldom can be shared by images. */
  readonly layers: readonly (readonly Entry[])[];
  readonly config: Readonly<Record<string, unknown>>;
  /** Seconds since 1970. */
  readonly epoch: number;
}

const digest = (bytes: Uint8Array) => `sha256:${createHash("sha256").update(bytes).digest("hex")}`;

/** Writes the layout into a folder, which must not exist. */
export function writeLayout(folder: string, { name, architecture, labels, layers, config, epoch }: Image): void {
  const blobs = `${folder}/blobs/sha256`;
  Deno.mkdirSync(blobs, { recursive: true });
  const put = (mediaType: string, bytes: Uint8Array) => {
    const hash = digest(bytes);
    Deno.writeFileSync(`${blobs}/${hash.slice(7)}`, bytes);
    return { mediaType, digest: hash, size: bytes.length };
  };
  const json = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));
  const created = new Date(epoch * 1000).toISOString().replace(/\.000Z$/, "Z");
  const made = layers.map((entries) => {
    const archive = tar(withFolders(entries), epoch);
    // node:zlib writes no time and no name.
    return {
      id: digest(archive),
      at: put("application/vnd.oci.image.layer.v1.tar+gzip", gzipSync(archive, { level: 9 })),
    };
  });
  const about = put(
    "application/vnd.oci.image.config.v1+json",
    json({
      created,
      architecture,
      os: "linux",
      config: { ...config, Labels: labels },
      rootfs: { type: "layers", diff_ids: made.map(({ id }) => id) },
      history: made.map(() => ({ created, created_by: "scripts/package" })),
    }),
  );
  const manifest = put(
    "application/vnd.oci.image.manifest.v1+json",
    json({
      schemaVersion: 2,
      mediaType: "application/vnd.oci.image.manifest.v1+json",
      config: about,
      layers: made.map(({ at }) => at),
      annotations: labels,
    }),
  );
  Deno.writeTextFileSync(`${folder}/oci-layout`, JSON.stringify({ imageLayoutVersion: "1.0.0" }));
  Deno.writeFileSync(
    `${folder}/index.json`,
    json({
      schemaVersion: 2,
      mediaType: "application/vnd.oci.image.index.v1+json",
      manifests: [{
        ...manifest,
        platform: { architecture, os: "linux" },
        annotations: { "org.opencontainers.image.ref.name": name },
      }],
    }),
  );
}
