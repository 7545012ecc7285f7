/** One line of /proc/PID/maps (proc_pid_maps(5)). */
export interface Mapping {
  readonly start: number;
  readonly end: number;
  /** Such as `rw-p`. */
  readonly permissions: string;
  readonly offset: number;
  /** `major:minor` in hexadecimal, as the file has it. */
  readonly device: string;
  /** Inode, decimal, as text: it may need all 64 bits. */
  readonly inode: string;
  /** Path or pseudo-path such as `[vdso]`; empty for anonymous memory. */
  readonly path: string;
}

const LINE = /^([0-9a-f]+)-([0-9a-f]+) (\S{4}) ([0-9a-f]+) ([0-9a-f]+:[0-9a-f]+) (\d+) *(.*)$/s;

/** Parses /proc/PID/maps, or of its hundreds of lines those with `part` in them. Lines of another form are passed over. */
export function parseMaps(text: string, part = ""): Mapping[] {
  const mappings: Mapping[] = [];
  for (const line of text.split("\n")) {
    if (!line.includes(part)) continue;
    const m = LINE.exec(line);
    if (!m) continue;
    mappings.push({
      start: parseInt(m[1]!, 16),
      end: parseInt(m[2]!, 16),
      permissions: m[3]!,
      offset: parseInt(m[4]!, 16),
      device: m[5]!,
      inode: m[6]!,
      path: m[7]!,
    });
  }
  return mappings;
}
