/** A file lock or lease, as /proc/locks (proc_locks(5)) and the `lock:` lines of fdinfo have it. */
export interface FileLock {
  /** POSIX, FLOCK, OFDLCK, LEASE, DELEG, ACCESS or another word. */
  readonly kind: string;
  /** ADVISORY, ACTIVE, BREAKING … */
  readonly mode: string;
  /** READ, WRITE, UNLCK … */
  readonly type: string;
  /** Who took it, as the reader's pid namespace has it; -1 where nobody in particular did (OFDLCK). */
  readonly pid: number;
  readonly major: number;
  readonly minor: number;
  readonly ino: bigint;
  /** Whether it is not held, but waited for. */
  readonly waiting: boolean;
}

const LINE = /^\d+:\s*(->)?\s*(\S+)\s+(\S+)\s+(\S+)\s+(-?\d+)\s+([0-9a-f]+):([0-9a-f]+):(\d+)\s+\d+\s+\S+/;

/** Parses one line; undefined where it has another form. */
export function parseLock(line: string): FileLock | undefined {
  const found = LINE.exec(line);
  if (!found) return undefined;
  const [, arrow, kind, mode, type, pid, major, minor, ino] = found;
  return {
    kind: kind!,
    mode: mode!,
    type: type!,
    pid: Number(pid),
    major: parseInt(major!, 16),
    minor: parseInt(minor!, 16),
    ino: BigInt(ino!),
    waiting: arrow !== undefined,
  };
}
