/** AT_EGID (linux/auxvec.h): every program gets one, with a number of at most 32 bits. */
const AT_MAX = 64;

/**
 * The size of a word in the auxiliary vector (/proc/PID/auxv), and so of the program that was executed: 4 or 8 bytes;
 * null where the bytes are none, such as of a process without memory.
 */
export function auxvWordSize(bytes: Uint8Array): 4 | 8 | null {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 16) return null;
  // Pairs of a type, which is a small number, and a value, up to a pair of type 0.
  for (const size of [8, 4] as const) {
    for (let at = 0; at + 2 * size <= bytes.length; at += 2 * size) {
      const low = view.getUint32(at, true);
      const high = size === 8 ? view.getUint32(at + 4, true) : 0;
      if (high !== 0 || low > AT_MAX) break;
      if (low === 0) return size;
    }
  }
  return null;
}
