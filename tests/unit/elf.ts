/** A 64-bit little-endian ELF file that needs these libraries, and has nothing else; static without any. */
export function elf(libraries: readonly string[]): Uint8Array {
  const strings = new TextEncoder().encode(`\0${libraries.map((name) => `${name}\0`).join("")}`);
  const [HEADER, EACH, BASE] = [64, 56, 0x400000];
  const segments = libraries.length === 0 ? 1 : 2;
  const dynamic = HEADER + segments * EACH;
  const table = dynamic + (libraries.length + 3) * 16;
  const bytes = new Uint8Array(table + strings.length);
  const view = new DataView(bytes.buffer);
  const u64 = (at: number, value: number) => view.setBigUint64(at, BigInt(value), true);
  view.setUint32(0, 0x7f454c46);
  bytes.set([2, 1, 1], 4);
  u64(32, HEADER);
  view.setUint16(54, EACH, true);
  view.setUint16(56, segments, true);
  const segment = (i: number, type: number, offset: number, size: number) => {
    const at = HEADER + i * EACH;
    view.setUint32(at, type, true);
    u64(at + 8, offset);
    u64(at + 16, BASE + offset);
    u64(at + 32, size);
  };
  segment(0, 1, 0, bytes.length);
  if (segments === 2) segment(1, 2, dynamic, table - dynamic);
  const entry = (i: number, tag: number, value: number) => {
    u64(dynamic + i * 16, tag);
    u64(dynamic + i * 16 + 8, value);
  };
  if (libraries.length > 0) {
    let name = 1;
    libraries.forEach((library, i) => {
      entry(i, 1, name);
      name += new TextEncoder().encode(library).length + 1;
    });
    entry(libraries.length, 5, BASE + table);
    entry(libraries.length + 1, 10, strings.length);
    entry(libraries.length + 2, 0, 0);
  }
  bytes.set(strings, table);
  return bytes;
}
