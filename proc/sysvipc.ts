/** One row of /proc/sysvipc/{msg,sem,shm} (proc_sysvipc(5)), by the names in its first line. */
export type SysvipcRow = Readonly<Record<string, string>>;

/** Parses a file of /proc/sysvipc. */
export function parseSysvipc(text: string): SysvipcRow[] {
  const [head = "", ...lines] = text.split("\n");
  const names = head.trim().split(/\s+/);
  return lines.filter((line) => line.trim() !== "").map((line) => {
    const words = line.trim().split(/\s+/);
    return Object.fromEntries(names.map((name, i) => [name, words[i] ?? ""]));
  });
}
