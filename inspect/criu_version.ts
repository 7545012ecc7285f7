/** The criu that a verdict is for. */
export interface CriuVersion {
  /** Such as `4.2.1`. */
  readonly version: string;
  /** The installed program; null where none is installed and a version is assumed. */
  readonly path: string | null;
}

/** Compares two versions number by number; negative where `a` is the older one. */
export function compareVersions(a: string, b: string): number {
  const numbers = (text: string) => text.split(/[.-]/).map((word) => parseInt(word, 10) || 0);
  const left = numbers(a), right = numbers(b);
  for (let i = 0; i < Math.max(left.length, right.length); i++) {
    const difference = (left[i] ?? 0) - (right[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
