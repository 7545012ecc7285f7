import { compile, type Pattern } from "./format.ts";

/** Who called criu; spelled as in the schema. */
export type Engine = "CRIU" | "RUNC" | "CRUN" | "PODMAN" | "CRIO" | "CONTAINERD";

/** Names for `--engine`. */
export const ENGINE_NAMES: Readonly<Record<string, Engine>> = {
  "criu": "CRIU",
  "runc": "RUNC",
  "crun": "CRUN",
  "podman": "PODMAN",
  "cri-o": "CRIO",
  "crio": "CRIO",
  "containerd": "CONTAINERD",
  "docker": "CONTAINERD",
};

/** Engines as they are written. */
export const ENGINE_TITLES: Readonly<Record<Engine, string>> = {
  CRIU: "criu",
  RUNC: "runc",
  CRUN: "crun",
  PODMAN: "podman",
  CRIO: "CRI-O",
  CONTAINERD: "containerd",
};

/** What an engine says by itself, without or before criu. */
export interface EngineCause {
  readonly id: string;
  readonly engine: Engine | null;
  readonly title: string;
  /** printf formats of C or Go, found anywhere in a line. */
  readonly messages: readonly string[];
  readonly remedy: string;
}

/** Sentences of engines that name a cause. The engines' sources have them. */
export const ENGINE_CAUSES: readonly EngineCause[] = [
  {
    id: "criu-absent",
    engine: null,
    title: "the engine finds no criu",
    messages: [
      "criu binary not found in shim path or system PATH",
      'exec: "criu": executable file not found in $PATH',
      "could not load `libcriu.so.2`: `%s`",
      "libcriu not found",
      "checkpoint/restore support not available",
      "criu not found",
    ],
    remedy: "Install criu (for crun its library libcriu.so.2) where the engine looks for it, and restart the engine.",
  },
  {
    id: "criu-too-old",
    engine: null,
    title: "the engine wants a newer criu",
    messages: [
      "CRIU version %d must be %d or higher",
      "checkpoint/restore requires at least CRIU %d, current version is %d",
      "libcriu is too old",
      "libcriu RPC config files supported in CRIU >= %s",
      "criu lacks support for external %s namespace during checkpointing process (old criu version?)",
      "criu lacks support for external %s namespace during the restoration process (old criu version?)",
      "shared %s namespace restore is supported in CRIU >= %s",
    ],
    remedy: "Upgrade criu: five digits in the text are major * 10000 + minor * 100 + patch.",
  },
  {
    id: "criu-version-unknown",
    engine: null,
    title: "the engine cannot ask criu for its version",
    messages: [
      "CRIU version check failed: %s",
      "CRIU: failed checking version",
      "failed to check for criu version: %s",
      "failed to retrieve criu version: %s",
      "getting criu version: %s",
      "criu swrk failed: %s",
    ],
    remedy: "Run `criu --version` and `criu check` as root on this host: criu cannot be started, or ends at once.",
  },
  {
    id: "criu-feature-missing",
    engine: null,
    title: "kernel or criu lack a feature that was asked for",
    messages: [
      "criu is missing features: %s",
      "CRIU memory tracking not supported",
      "CRIU feature checking failed: %d",
      "CRIU feature check failed: %s",
      "does not support memory tracking",
    ],
    remedy:
      "Leave out --pre-dump and --lazy-pages, or boot a kernel with CONFIG_MEM_SOFT_DIRTY and CONFIG_USERFAULTFD; `cready check --all` names what is missing.",
  },
  {
    id: "runtime-without-checkpoint",
    engine: null,
    title: "the runtime below the engine cannot checkpoint",
    messages: [
      "configured runtime does not support checkpoint/restore",
      "unknown command checkpoint",
      "checkpointing not implemented for runtimeVM",
      "No such command: checkpoint",
      "checkpoint not supported",
    ],
    remedy: "Use runc, or a crun that was built with criu (`crun --version` lists +CRIU).",
  },
  {
    id: "engine-disabled",
    engine: null,
    title: "checkpoints are switched off in the engine",
    messages: [
      "criu support is disabled by configuration",
      "the %s feature gate is not enabled",
      "checkpoint/restore is disabled",
    ],
    remedy:
      "Set enable_criu (containerd) or enable_criu_support (CRI-O) in the engine's configuration, and restart it.",
  },
  {
    id: "engine-rootless",
    engine: "PODMAN",
    title: "checkpoints need root",
    messages: ["checkpointing a container requires root", "restoring a container requires root"],
    remedy: "Run podman as root (sudo podman container checkpoint …); the container must belong to root as well.",
  },
  {
    id: "container-state",
    engine: null,
    title: "the container cannot be checkpointed in its state",
    messages: [
      "%q is not running, cannot checkpoint: %s",
      "cannot checkpoint containers that have been started with '--rm' unless '--export' is used",
      "cannot export checkpoints of containers with dependencies",
      "cannot import checkpoints of containers with dependencies",
      "a complete checkpoint for this container cannot be found, cannot restore: %s",
      "Can not checkpoint a stopped container",
      "cannot checkpoint a container that is not running",
    ],
    remedy: "Start the container anew without what the sentence names, and checkpoint it while it runs.",
  },
];

/** Sentences that only tell that criu failed; the cause is in its log. */
const CRIU_FAILED: readonly RegExp[] = [
  /criu failed: type \w+ errno -?\d+/,
  /criu failed: (exit status \d+|signal: \w+)/,
  /CRIU (checkpointing|restoring|pre-dump) failed:? -?\d+/,
  /operation failed \(msg:.*? err:-?\d+\)/,
];

/** Where engines say that criu's log lies. */
const LOG_FILES: readonly RegExp[] = [
  /log file: ?["'`]?([^\s"'`\\]*[^\s"'`\\:])/,
  /logfile ["'`]?([^\s"'`\\]*[^\s"'`\\:])/,
  /path= ?([^\s"'`:\\]+)/,
  /Quoting \\*["'`]([^"'`\\]+)/,
  /excerpt from CRIU log \\*["'`]([^"'`\\]+)/,
];

/** Signs of an engine in a line, the outermost first: it is the one that its user can give options to. */
const SIGNS: readonly (readonly [RegExp, Engine])[] = [
  [/\bcrio\b|cri-o|\/var\/run\/crio/i, "CRIO"],
  [/running \\*"[^"]*(runc|crun)\\*" \[\\*"checkpoint\\*"/, "CRIO"],
  [/podman|\/userdata\/(dump|restore)\.log|storage\/overlay-containers/, "PODMAN"],
  [
    /Error response from daemon|containerd|shim path or system PATH|criu-dump\.log|\/run\/docker|\/var\/lib\/docker|OCI runtime/,
    "CONTAINERD",
  ],
  [/\bcrun\b|CRIU (checkpointing|restoring|pre-dump) failed|excerpt from CRIU log/, "CRUN"],
  [/\brunc\b|criu failed: type|--- Quoting/, "RUNC"],
];

const PATTERNS: readonly { readonly cause: EngineCause; readonly pattern: Pattern }[] = ENGINE_CAUSES.flatMap((cause) =>
  cause.messages.map((message) => ({ cause, pattern: compile(message, { anywhere: true }) }))
);

/** A line can only say something of an engine or of criu where it has one of these. */
const WORTH = /criu|error|warn|checkpoint|log ?file|path=|non-root|restor|feature/i;

/** What one line of an engine's text tells. */
export interface EngineLine {
  /** Position in the table of signs, the smaller the further out; undefined for no sign. */
  readonly rank: number | undefined;
  readonly criuFailed: boolean;
  readonly logFile: string | undefined;
  readonly causes: readonly {
    readonly cause: EngineCause;
    readonly values: readonly string[];
    readonly text: string;
  }[];
}

/** Whether a line is worth being looked at. */
export function isWorth(line: string): boolean {
  return WORTH.test(line);
}

/** The engine of a rank. */
export function engineOf(rank: number): Engine {
  return SIGNS[rank]![1];
}

/** Reads a line of an engine's text. */
export function engineLine(line: string): EngineLine {
  const rank = SIGNS.findIndex(([sign]) => sign.test(line));
  const causes = [];
  for (const { cause, pattern } of PATTERNS) {
    const match = pattern.regexp.exec(line);
    if (match) causes.push({ cause, values: match.slice(1), text: match[0] });
  }
  return {
    rank: rank < 0 ? undefined : rank,
    criuFailed: CRIU_FAILED.some((pattern) => pattern.test(line)),
    logFile: LOG_FILES.map((pattern) => pattern.exec(line)?.[1]).find((path) => path !== undefined),
    causes,
  };
}

/** Engines quote each other's texts: line breaks and quotes as they were meant, however often they were escaped. */
export function unquoted(line: string): string {
  return line.replace(/\\+n/g, "\n").replace(/\\+t/g, "\t").replace(/\\+(["'])/g, "$1");
}

/** Options that engines take by themselves, by criu's name. */
const OWN_OPTIONS: Readonly<Record<Engine, Readonly<Record<string, string>>>> = {
  CRIU: {},
  RUNC: {
    // Since 1.3 also link-remap and skip-in-flight, which a file gives to every version.
    "tcp-established": "--tcp-established",
    "ext-unix-sk": "--ext-unix-sk",
    "shell-job": "--shell-job",
    "file-locks": "--file-locks",
    "manage-cgroups": "--manage-cgroups-mode",
    "empty-ns": "--empty-ns",
  },
  CRUN: {
    "tcp-established": "--tcp-established",
    "ext-unix-sk": "--ext-unix-sk",
    "shell-job": "--shell-job",
    "file-locks": "--file-locks",
    "network-lock": "--network-lock",
    "manage-cgroups": "--manage-cgroups-mode",
  },
  PODMAN: { "tcp-established": "--tcp-established", "file-locks": "--file-locks" },
  CRIO: {},
  CONTAINERD: {},
};

/** Where an option goes so that the engine's criu has it. */
export interface Placement {
  /** The engine's own option; null where it has none. */
  readonly option: string | null;
  /** The line for the file of options. */
  readonly line: string;
  readonly file: string;
}

/** Places an option such as `--ghost-limit SIZE`; `crun` is whether the engine runs crun. */
export function placement(engine: Engine, option: string, crun: boolean): Placement {
  const line = option.replace(/^--/, "").replace(/ \(restore\)$/, "").replace(/=/, " ");
  const name = line.split(" ")[0]!;
  const own = OWN_OPTIONS[engine][name];
  const file = engine === "CRIU" ? "default.conf" : engine === "CRUN" || crun ? "crun.conf" : "runc.conf";
  return { option: own ?? null, line, file: `/etc/criu/${file}` };
}

/** Where criu's log lies when the engine's text does not say. */
export const LOG_PLACES: Readonly<Record<Engine, string>> = {
  CRIU: "the folder of -W or -D, as the file that -o names",
  RUNC: "the folder of --work-path, by default /run/runc/ID/criu.work, as dump.log or restore.log",
  CRUN: "the folder of --work-path or --image-path, as dump.log or restore.log",
  PODMAN: "/var/lib/containers/storage/overlay-containers/ID/userdata, as dump.log or restore.log",
  CRIO: "/var/lib/containers/storage/overlay-containers/ID/userdata, as dump.log or restore.log",
  CONTAINERD: "/run/containerd/io.containerd.runtime.v2.task/NAMESPACE/ID, as criu-dump.log",
};
