/** I/O scheduling classes (ioprio_set(2)). */
const CLASSES = ["none", "real time", "best effort", "idle"];

/** What ioprio_get(2) returned, in words; null where no class is set. */
export function ioprioText(value: number): string | null {
  const kind = value >> 13;
  return kind === 0 ? null : `${CLASSES[kind] ?? kind} ${value & 7}`;
}
