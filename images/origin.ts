import type { Dump } from "./dump.ts";
import { ImageError } from "./error.ts";

/** Where a container checkpoint comes from, as its engine wrote it beside the images; null for what it did not. */
export interface Origin {
  /** Such as `runc`. */
  readonly runtime: string | null;
  /** The image that its root file system is of. */
  readonly image: string | null;
  readonly container: string | null;
  /** RFC 3339. */
  readonly checkpointedAt: string | null;
  readonly criuVersion: string | null;
  readonly kernel: string | null;
  readonly architecture: string | null;
}

const TEXT_LIMIT = 256;

/** Reads it; null for a bare folder of images. Throws `ImageError` for documents that are no JSON. */
export function originOf(dump: Dump): Origin | null {
  const config = document(dump, "config.dump"), spec = document(dump, "spec.dump");
  if (config === undefined && spec === undefined) return null;
  const annotations = field(spec, "annotations");
  const annotation = (name: string) => text(field(annotations, `org.criu.checkpoint.${name}`));
  return {
    // podman, CRI-O and containerd spell these in their own ways.
    runtime: text(field(config, "ociRuntime") ?? field(config, "runtime")) ?? annotation("runtime.name"),
    image: text(field(config, "rootfsImageName") ?? field(config, "rootfsImage")),
    container: text(field(config, "name") ?? field(config, "id")),
    checkpointedAt: text(field(config, "checkpointedTime") ?? field(config, "checkpointedAt")),
    criuVersion: annotation("criu.version"),
    kernel: annotation("host.kernel"),
    architecture: annotation("host.arch"),
  };
}

function document(dump: Dump, name: string): unknown {
  const bytes = dump.documents.get(name);
  if (!bytes) return undefined;
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    throw new ImageError(`${dump.name}: ${name} is no JSON document`);
  }
}

function field(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null && Object.hasOwn(value, name)
    ? (value as Record<string, unknown>)[name]
    : undefined;
}

function text(value: unknown): string | null {
  return typeof value === "string" && value !== "" ? value.slice(0, TEXT_LIMIT) : null;
}
