import { said } from "../report/text.ts";
import type { Verdict } from "../probes/probe.ts";
import { versionNumber } from "./criu_version.ts";
import type { Features, Version } from "./packet.ts";

/** What the engines get to know of criu when they ask it their own way. */
export interface Known {
  /** The number in the answer to go-criu's VERSION; null where there is none, and then `why` says so. */
  readonly version: Version | null;
  readonly why: string;
  /** Whether there is a criu at all; one that was named stands for the first in PATH, where engines look. */
  readonly found: boolean;
  /** The answer to FEATURE_CHECK as go-criu and runc put it; null where it did not succeed. */
  readonly features: Features | null;
  /** The same as libcriu puts it. */
  readonly libcriuFeatures: Features | null;
  /** The number that libcriu makes of its own VERSION. */
  readonly libcriuVersion: Version | null;
  /** Where libcriu.so.2 is. */
  readonly libcriu: string | null;
  readonly root: boolean;
  /** Whether criu comes through its start-up: it answers a FEATURE_CHECK. Its version it tells before that. */
  readonly starts: boolean;
  /** The first line of `criu --version`, as lxc reads it; null where it is none. */
  readonly versionLine: string | null;
  /** Whether `criu check --feature NAME` ends with 0; null where it could not be run. */
  readonly memDirtyTrack: boolean | null;
  readonly uffdNoncoop: boolean | null;
  /** What cready's own probes say of the features of the RPC. */
  readonly probed: Readonly<Record<keyof Features, Verdict>>;
}

/** Whether an engine would try a plain checkpoint and restore: YES, PARTLY with less, or NO. */
export type EngineAnswer = "YES" | "PARTLY" | "NO";

/** What an engine would conclude. */
export interface Conclusion {
  readonly engine: string;
  readonly answer: EngineAnswer;
  /** Sentences without a full stop, the most important first. */
  readonly statements: readonly string[];
  /** Sentences about what it takes for true and is not. */
  readonly misled: readonly string[];
  /** Whether it is in PATH here. */
  readonly installed: boolean;
}

/** A feature that an engine does without below some version. */
interface Gate {
  readonly from: number;
  readonly without: string;
}

/** libcontainer/criu_linux.go */
const RUNC_GATES: readonly Gate[] = [
  { from: 31100, without: "external network namespaces" },
  { from: 31400, without: "freezing by criu through cgroup v2" },
  { from: 31500, without: "external pid namespaces and --status-fd by notification" },
  { from: 31600, without: "restore with another LSM profile or mount context" },
];
const RUNC_LEAST = 30000;
/** pkg/criu/criu.go of podman; go-criu's utils.PodCriuVersion for CRI-O and containerd. */
const PODMAN_LEAST = 31100;
const POD_LEAST = 31600;
/** src/libcrun/criu.c */
const CRUN_LEAST = 31500;
/** src/lxc/criu.c compares the text, not the number. */
const LXC_LEAST = "2.0";

/** What each engine would conclude, in the order of `ENGINES`. */
export function conclusions(known: Known, installed: (program: string) => boolean): Conclusion[] {
  return ENGINES.map(({ engine, program, conclude }) => {
    const concluded = conclude(known);
    const blind = concluded.answer !== "NO" && !known.starts;
    return {
      engine,
      installed: installed(program),
      ...concluded,
      misled: [...(blind ? [BLIND] : []), ...concluded.misled],
    };
  });
}

const BLIND =
  "it looks at the version alone and goes ahead: criu ends in its start-up here, so every dump and restore fails";

type Concluded = Omit<Conclusion, "engine" | "installed">;

const no = (...statements: string[]): Concluded => ({ answer: "NO", statements, misled: [] });

/** The engines, what they ask, and from which of their sources that is known. */
export const ENGINES: readonly {
  readonly engine: string;
  /** What it is called in PATH. */
  readonly program: string;
  readonly asks: string;
  readonly source: string;
  conclude(known: Known): Concluded;
}[] = [
  {
    engine: "runc",
    program: "runc",
    asks: "VERSION by go-criu; FEATURE_CHECK by itself for --pre-dump and --lazy-pages",
    source: "libcontainer/criu_linux.go",
    conclude: runc,
  },
  {
    engine: "crun",
    program: "crun",
    asks: "VERSION and FEATURE_CHECK by libcriu.so.2",
    source: "src/libcrun/criu.c",
    conclude: crun,
  },
  {
    engine: "podman",
    program: "podman",
    asks: "VERSION and FEATURE_CHECK by go-criu",
    source: "pkg/criu/criu_linux.go",
    conclude: podman,
  },
  {
    engine: "CRI-O",
    program: "crio",
    asks: "whether there is a criu in PATH, at its start; VERSION by go-criu for each checkpoint",
    source: "pkg/config/config.go, internal/oci/runtime_oci.go",
    conclude: crio,
  },
  {
    engine: "containerd",
    program: "containerd",
    asks: "VERSION by go-criu, once",
    source: "internal/cri/server/container_checkpoint_linux.go",
    conclude: containerd,
  },
  {
    engine: "lxc",
    program: "lxc-checkpoint",
    asks: "criu --version, and criu check --feature mem_dirty_track and uffd-noncoop by exit code",
    source: "src/lxc/criu.c",
    conclude: lxc,
  },
];

function runc(known: Known): Concluded {
  const { version, features, found } = known;
  if (!found) return notFound(known, "CRIU version check failed");
  if (version === null) return no(`checkpoint and restore refused: "CRIU version check failed", since ${known.why}`);
  const number = versionNumber(version);
  if (number < RUNC_LEAST) {
    return no(`checkpoint and restore refused: "CRIU version ${number} must be ${RUNC_LEAST} or higher"`);
  }
  const missing = RUNC_GATES.filter(({ from }) => number < from).map(({ from, without }) =>
    `without ${without}, which ${from} and newer have`
  );
  // runc looks at the answer's features even where the answer is a refusal; it then says so of the check itself.
  const feature = (name: keyof Features, option: string, word: string) =>
    features === null
      ? [`${option} refused: "CRIU feature check failed"`]
      : features[name]
      ? []
      : [`${option} refused: "criu is missing features: [${word}]"`];
  const less = [
    ...missing,
    ...feature("memTrack", "--pre-dump", "MemTrack"),
    ...feature("lazyPages", "--lazy-pages", "LazyPages"),
  ];
  return answered(less, `checkpoint and restore go ahead: ${number} is ${RUNC_LEAST} or newer`);
}

function crun(known: Known): Concluded {
  const { libcriu, libcriuVersion, libcriuFeatures, root, found } = known;
  if (!root) return no('checkpoint and restore refused: "checkpointing requires root"');
  if (libcriu === null) return no('checkpoint and restore refused: "could not load `libcriu.so.2`"');
  if (!found) return notFound(known, "failed checking version");
  if (libcriuVersion === null) return no(`checkpoint and restore refused, "failed checking version": ${known.why}`);
  const number = versionNumber(libcriuVersion);
  if (number < CRUN_LEAST) return no(`checkpoint and restore refused: "libcriu is too old", ${number} < ${CRUN_LEAST}`);
  const less = libcriuFeatures === null
    ? ['--pre-dump refused: "CRIU feature checking failed"']
    : libcriuFeatures.memTrack
    ? []
    : ['--pre-dump, and checkpoints with a parent, refused: "CRIU memory tracking not supported"'];
  return answered(
    less,
    `checkpoint and restore go ahead, if it was built with CRIU: ${number} is ${CRUN_LEAST} or newer`,
  );
}

function podman(known: Known): Concluded {
  const { version, features, root, found, probed } = known;
  if (!root) return no("checkpoint and restore refused: they need root");
  if (!found) return notFound(known, "failed to check for criu version");
  if (version === null) return no(`checkpoint and restore refused, "failed to check for criu version": ${known.why}`);
  const number = versionNumber(version);
  if (number < PODMAN_LEAST) return no(tooOld(PODMAN_LEAST, number));
  const less = [
    ...(number < POD_LEAST ? [`restore into a pod refused: it takes ${POD_LEAST}`] : []),
    ...(features === null
      ? ['--pre-checkpoint refused: "system (architecture/kernel/CRIU) does not support memory tracking"']
      : []),
  ];
  const misled = features !== null && !features.memTrack
    ? [
      "it takes memory tracking for there, since go-criu's FeatureCheck returns its caller's own request: " +
      `--pre-checkpoint goes ahead and fails later. criu answered mem_track=false; cready's probe says ${
        said(probed.memTrack)
      }`,
    ]
    : [];
  return { ...answered(less, `checkpoint and restore go ahead: ${number} is ${PODMAN_LEAST} or newer`), misled };
}

function crio(known: Known): Concluded {
  if (!known.found) return no('it sets its level to "none": there is no criu in PATH');
  return byPodVersion(known, "every checkpoint and restore fails");
}

function containerd(known: Known): Concluded {
  if (!known.found) {
    return no(
      'checkpoints refused: "criu binary not found in shim path or system PATH"; a checkpoint image is run as an ordinary image',
    );
  }
  return byPodVersion(known, 'checkpoints refused: "failed to retrieve criu version"');
}

function byPodVersion({ version, why }: Known, failure: string): Concluded {
  if (version === null) return no(`${failure}: ${why}`);
  const number = versionNumber(version);
  if (number < POD_LEAST) return no(tooOld(POD_LEAST, number));
  return answered([], `checkpoint and restore go ahead: ${number} is ${POD_LEAST} or newer`);
}

function lxc(known: Known): Concluded {
  const { versionLine, found, memDirtyTrack, uffdNoncoop } = known;
  if (!found) return notFound(known, `must have criu ${LXC_LEAST} or greater to checkpoint/restore`);
  const version = /^Version: (.*)$/.exec(versionLine ?? "")?.[1];
  if (version === undefined) {
    return no(`checkpoint and restore refused: "Version: X" is not the first line of criu --version`);
  }
  if (version < LXC_LEAST) {
    return no(`checkpoint and restore refused: it compares the text ${version} with ${LXC_LEAST}`);
  }
  const bit = (there: boolean | null, what: string, name: string) =>
    there
      ? []
      : [`${what} is off: criu check --feature ${name} ${there === null ? "could not be run" : "ends with 1"}`];
  const less = [
    ...bit(memDirtyTrack, "pre-copy migration", "mem_dirty_track"),
    ...bit(uffdNoncoop, "lazy migration", "uffd-noncoop"),
  ];
  return answered(less, `checkpoint and restore go ahead: criu ${version}`);
}

function answered(less: readonly string[], yes: string): Concluded {
  return { answer: less.length > 0 ? "PARTLY" : "YES", statements: [yes, ...less], misled: [] };
}

function notFound({ why }: Known, words: string): Concluded {
  return no(`checkpoint and restore refused, "${words}": ${why}`);
}

function tooOld(least: number, number: number): string {
  return `checkpoint and restore refused: "checkpoint/restore requires at least CRIU ${least}, current version is ${number}"`;
}
