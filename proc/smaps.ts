/** The flags of mappings, as the lines `VmFlags:` of /proc/PID/smaps have them (proc_pid_smaps(5)), by start address. */
export type VmFlags = ReadonlyMap<number, readonly string[]>;

const HEADER = /^([0-9a-f]+)-[0-9a-f]+ [-rwxsp]{4} /;

/** Parses smaps, or the beginning of one. */
export function parseVmFlags(text: string): VmFlags {
  const flags = new Map<number, readonly string[]>();
  let start: number | null = null;
  for (let at = 0; at < text.length;) {
    const next = text.indexOf("\n", at);
    const end = next < 0 ? text.length : next;
    if (text.startsWith("VmFlags:", at)) {
      if (start !== null && next >= 0) flags.set(start, text.slice(at + 8, end).trim().split(" ").filter((one) => one));
    } else {
      const first = text.charCodeAt(at);
      // Keys begin with a capital letter, headers with a hexadecimal digit.
      if ((first >= 0x30 && first <= 0x39) || (first >= 0x61 && first <= 0x66)) {
        const found = HEADER.exec(text.slice(at, Math.min(end, at + 64)));
        if (found) start = parseInt(found[1]!, 16);
      }
    }
    at = end + 1;
  }
  return flags;
}
