import { versionText } from "./criu_version.ts";
import type { Version } from "./packet.ts";

/** A kernel change that some criu releases do not stand. */
export interface KnownBreak {
  /** The first criu release that is not affected; null where the mend is in no release that is known here. */
  readonly fixedIn: string | null;
  /** The first mainline kernel with the change, such as `6.13`. Stable kernels and distributions may have taken it too. */
  readonly since: string;
  /** As `uname -m`; null for all. */
  readonly architecture: string | null;
  /** What fails, one clause without a full stop. */
  readonly effect: string;
  /** What criu prints; null where it prints nothing of its own. */
  readonly message: string | null;
  /** True where more than kernel and criu must come together; `effect` says what. */
  readonly depends: boolean;
  readonly references: readonly string[];
}

/**
 * Reported by users and mended by CRIU's maintainers. Distributions patch older releases, so a row that applies is a
 * warning; what the installed criu itself answers decides.
 */
export const KNOWN_BREAKS: readonly KnownBreak[] = [
  {
    fixedIn: "3.17",
    since: "4.18",
    architecture: null,
    effect: "processes that use restartable sequences, as all do with glibc 2.35 or newer, are killed at restore",
    message: null,
    depends: true,
    references: ["criu#1696", "criu#1935"],
  },
  {
    fixedIn: "3.18",
    since: "5.18",
    architecture: "x86_64",
    effect: "criu ends in its start-up where the kernel's 32-bit vDSO has more than two pages",
    message: "Compatible vdso's size is bigger than reserved buf",
    depends: true,
    references: ["criu#1916"],
  },
  {
    fixedIn: "4.1",
    since: "6.11",
    architecture: "aarch64",
    effect: "criu ends in its start-up: the vDSO has no DT_HASH any more",
    message: "vdso: Not all dynamic entries are present",
    depends: false,
    references: ["linux@48f6430505c0", "criu@8a06ca27c"],
  },
  {
    fixedIn: "4.1",
    since: "6.13",
    architecture: "x86_64",
    effect: "criu ends in its start-up: the kernel has one more mapping beside the vDSO",
    message: "vdso: Unexpected rt vDSO area bounds",
    depends: false,
    references: ["criu#2532", "linux@e93d2521b27f"],
  },
  {
    fixedIn: "4.1.1",
    since: "6.16",
    architecture: null,
    effect: "processes with a mount namespace of their own, such as containers, cannot be restored",
    message: "mnt-v2: Failed to make mount … slave: Invalid argument",
    depends: false,
    references: ["criu#2694", "criu#2701", "linux@12f147ddd6de"],
  },
  {
    fixedIn: "4.2",
    since: "6.12",
    architecture: "aarch64",
    effect: "restore fails where the kernel's linker marks the vDSO as of Linux",
    message: "ELF header magic mismatch",
    depends: true,
    references: ["criu#2751"],
  },
  {
    fixedIn: null,
    since: "7.1",
    architecture: null,
    effect: "dumping a podman container was reported to fail with criu 4.2 and older",
    message: null,
    depends: true,
    references: ["criu#3002", "cockpit-project/bots#9273"],
  },
];

/** The breaks that a criu of that version meets on such a kernel; `release` is as `uname -r`. */
export function breaksOf(version: Version, release: string, architecture: string): KnownBreak[] {
  const kernel = numbers(release);
  // A build from git has what came after the release that it is named after, or not: it is not judged by a number.
  if (!kernel || version.gitId !== null) return [];
  return KNOWN_BREAKS.filter((one) =>
    (one.architecture === null || one.architecture === architecture) &&
    compare(kernel, numbers(one.since)!) >= 0 &&
    (one.fixedIn === null ? compare(numbers(versionText(version))!, [4, 3]) < 0 : olderThan(version, one.fixedIn))
  );
}

function olderThan(version: Version, release: string): boolean {
  return compare([version.major, version.minor, version.sublevel ?? 0], numbers(release)!) < 0;
}

function numbers(text: string): number[] | null {
  return /^\d+\.\d+(\.\d+)?/.exec(text)?.[0].split(".").map(Number) ?? null;
}

function compare(a: readonly number[], b: readonly number[]): number {
  for (let i = 0; i < 3; i++) {
    const difference = (a[i] ?? 0) - (b[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
