import type { Engine } from "../plan.ts";

/** What a container engine gives criu, and what it lets its caller give. */
export interface EngineProfile {
  readonly engine: Engine;
  /** As people write it. */
  readonly name: string;
  /** Options that its caller may give, by criu's names without dashes. */
  readonly flags: readonly string[];
  /** Options that it always gives. */
  readonly always: readonly string[];
  /** Whether whoever asks for the checkpoint can give any option at all. */
  readonly callable: boolean;
  /** The command that makes a checkpoint; `ID` stands for the container. */
  readonly command: string;
}

/** What each engine says to criu; the OCI runtimes below say the rest. */
export const PROFILES: Readonly<Record<Exclude<Engine, "CRIU">, EngineProfile>> = {
  RUNC: {
    engine: "RUNC",
    name: "runc",
    // Since 1.3 also link-remap and tcp-skip-in-flight, which a file gives to every version.
    flags: ["tcp-established", "ext-unix-sk", "shell-job", "file-locks"],
    always: [],
    callable: true,
    command: "runc checkpoint",
  },
  CRUN: {
    engine: "CRUN",
    name: "crun",
    flags: ["tcp-established", "ext-unix-sk", "shell-job", "file-locks", "network-lock"],
    always: [],
    callable: true,
    command: "crun checkpoint",
  },
  PODMAN: {
    engine: "PODMAN",
    name: "podman",
    flags: ["tcp-established", "file-locks"],
    always: [],
    callable: true,
    command: "podman container checkpoint",
  },
  CRIO: { engine: "CRIO", name: "CRI-O", flags: [], always: ["file-locks"], callable: false, command: "" },
  CONTAINERD: { engine: "CONTAINERD", name: "containerd", flags: [], always: [], callable: false, command: "" },
};

/** The OCI runtimes by which all engines make their checkpoints. */
export type OciRuntime = "runc" | "crun";

/** What runc and crun give criu whoever calls them. */
export const RUNTIME_OPTIONS: Readonly<
  Record<OciRuntime, readonly { readonly name: string; readonly value: string | null }[]>
> = {
  // runc leaves the network to others, so that it is created empty at restore.
  runc: [
    { name: "manage-cgroups", value: "soft" },
    { name: "empty-ns", value: "net" },
    { name: "orphan-pts-master", value: null },
  ],
  crun: [{ name: "manage-cgroups", value: "soft" }, { name: "orphan-pts-master", value: null }],
};

/**
 * Options of which runc and crun tell criu in every request whether they are wanted. criu's default configuration files are
 * read before the request, and do not count for them; the file that the request names is read after it. (link-remap and
 * skip-in-flight: of runc since 1.3.)
 */
export const SENT: Readonly<Record<OciRuntime, readonly string[]>> = {
  runc: [
    "tcp-established",
    "skip-in-flight",
    "tcp-skip-in-flight",
    "link-remap",
    "ext-unix-sk",
    "shell-job",
    "file-locks",
    "leave-running",
    "auto-dedup",
    "lazy-pages",
    "manage-cgroups",
    "empty-ns",
  ],
  crun: ["tcp-established", "ext-unix-sk", "shell-job", "file-locks", "leave-running", "manage-cgroups"],
};
