/** Program header types and dynamic tags (elf.h). */
const PT_LOAD = 1;
const PT_DYNAMIC = 2;
const DT_NULL = 0n;
const DT_NEEDED = 1n;
const DT_STRTAB = 5n;
const DT_STRSZ = 10n;
/** No program needs more libraries, has more headers or longer names; what goes beyond is a fault of the file. */
const MAX_ENTRIES = 4096;
const MAX_NAME = 4096;

interface Segment {
  readonly offset: number;
  readonly address: bigint;
  readonly size: number;
}

/**
 * The libraries that a program names in its dynamic section (DT_NEEDED), in its order; empty for a static one.
 * Undefined where the bytes are no 64-bit little-endian ELF file, or one that is cut off or broken.
 */
export function neededLibraries(bytes: Uint8Array): string[] | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  // e_ident: the magic number, ELFCLASS64, ELFDATA2LSB
  if (bytes.length < 64 || view.getUint32(0) !== 0x7f454c46 || bytes[4] !== 2 || bytes[5] !== 1) return undefined;
  try {
    return needed(bytes, view);
  } catch (error) {
    // Every offset comes from the file; the view refuses those that lie outside.
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

function needed(bytes: Uint8Array, view: DataView): string[] | undefined {
  const loads: Segment[] = [];
  let dynamic: Segment | undefined;
  const start = size(view, 32); // e_phoff
  const [each, count] = [view.getUint16(54, true), view.getUint16(56, true)]; // e_phentsize, e_phnum
  if (each < 56 || count > MAX_ENTRIES) return undefined;
  for (let at = start; at < start + each * count; at += each) {
    const type = view.getUint32(at, true);
    const segment = {
      offset: size(view, at + 8),
      address: view.getBigUint64(at + 16, true),
      size: size(view, at + 32),
    };
    if (type === PT_LOAD) loads.push(segment);
    else if (type === PT_DYNAMIC) dynamic = segment;
  }
  if (!dynamic) return [];
  const names: bigint[] = [];
  let table: bigint | undefined;
  let tableSize = 0n;
  for (let i = 0; i < Math.min(dynamic.size / 16, MAX_ENTRIES); i++) {
    const tag = view.getBigUint64(dynamic.offset + i * 16, true);
    const value = view.getBigUint64(dynamic.offset + i * 16 + 8, true);
    if (tag === DT_NULL) break;
    if (tag === DT_NEEDED) names.push(value);
    else if (tag === DT_STRTAB) table = value;
    else if (tag === DT_STRSZ) tableSize = value;
  }
  if (names.length === 0) return [];
  const load = loads.find(({ address, size }) =>
    table !== undefined && table >= address && table < address + BigInt(size)
  );
  if (!load || table === undefined) return undefined;
  const strings = load.offset + Number(table - load.address);
  const libraries: string[] = [];
  for (const name of names) {
    if (name >= tableSize) return undefined;
    const text = cstring(bytes, strings + Number(name));
    if (text === undefined) return undefined;
    libraries.push(text);
  }
  return libraries;
}

/** A 64-bit number that is an offset or a size in the file; RangeError for one that no file has. */
function size(view: DataView, at: number): number {
  const value = view.getBigUint64(at, true);
  if (value > BigInt(view.byteLength)) throw new RangeError(`${value} lies outside the file`);
  return Number(value);
}

function cstring(bytes: Uint8Array, at: number): string | undefined {
  const end = bytes.subarray(at, at + MAX_NAME).indexOf(0);
  return end < 0 ? undefined : new TextDecoder().decode(bytes.subarray(at, at + end));
}

/** Dynamic tags of the symbol table and of the hash table that tells its length. */
const DT_HASH = 4n;
const DT_SYMTAB = 6n;
const DT_GNU_HASH = 0x6ffffef5n;
const SYMBOL_BYTES = 24;

/**
 * The names of the defined symbols in the dynamic table of a small, fully mapped ELF file such as the vDSO. Undefined
 * where the bytes are none, or are broken.
 */
export function dynamicSymbols(bytes: Uint8Array): string[] | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 64 || view.getUint32(0) !== 0x7f454c46 || bytes[4] !== 2 || bytes[5] !== 1) return undefined;
  try {
    const tags = dynamicTags(view);
    const [symbols, strings] = [tags.get(DT_SYMTAB), tags.get(DT_STRTAB)];
    if (symbols === undefined || strings === undefined) return undefined;
    const count = symbolCount(view, tags);
    const names = new Set<string>();
    for (let i = 1; i < count; i++) {
      const at = symbols + i * SYMBOL_BYTES;
      const section = view.getUint16(at + 6, true);
      const name = cstring(bytes, strings + view.getUint32(at, true));
      if (section !== 0 && name) names.add(name);
    }
    return [...names];
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

/** The dynamic tags, with addresses turned into offsets of the file. */
function dynamicTags(view: DataView): Map<bigint, number> {
  const tags = new Map<bigint, number>();
  const start = size(view, 32);
  const [each, count] = [view.getUint16(54, true), view.getUint16(56, true)];
  let base = 0n, dynamic = 0;
  for (let at = start; at < start + each * Math.min(count, MAX_ENTRIES); at += each) {
    const type = view.getUint32(at, true);
    if (type === PT_LOAD) base = view.getBigUint64(at + 16, true) - view.getBigUint64(at + 8, true);
    else if (type === PT_DYNAMIC) dynamic = size(view, at + 8);
    if (each < 56) break;
  }
  if (dynamic === 0) return tags;
  for (let i = 0; i < MAX_ENTRIES; i++) {
    const tag = view.getBigUint64(dynamic + i * 16, true);
    if (tag === DT_NULL) break;
    const value = view.getBigUint64(dynamic + i * 16 + 8, true);
    // Tables lie inside of the file; sizes and flags are not asked for.
    if (value >= base && value - base < BigInt(view.byteLength)) tags.set(tag, Number(value - base));
  }
  return tags;
}

/** How many symbols there are: told by the hash table only. */
function symbolCount(view: DataView, tags: ReadonlyMap<bigint, number>): number {
  const hash = tags.get(DT_HASH);
  if (hash !== undefined) return Math.min(view.getUint32(hash + 4, true), MAX_ENTRIES);
  const gnu = tags.get(DT_GNU_HASH);
  if (gnu === undefined) return 0;
  const [buckets, first, bloom] = [0, 4, 8].map((offset) => view.getUint32(gnu + offset, true)) as [
    number,
    number,
    number,
  ];
  const table = gnu + 16 + bloom * 8;
  let last = 0;
  for (let i = 0; i < Math.min(buckets, MAX_ENTRIES); i++) last = Math.max(last, view.getUint32(table + i * 4, true));
  if (last < first) return 0;
  // The chain of the last bucket ends with the lowest bit set.
  for (const chain = table + buckets * 4; last < MAX_ENTRIES; last++) {
    if (view.getUint32(chain + (last - first) * 4, true) & 1) return last + 1;
  }
  return 0;
}

const PT_NOTE = 4;
const NT_GNU_BUILD_ID = 3;

/**
 * The build-id in the notes of an ELF file's beginning, in hexadecimal; undefined where there is none. Takes 64-bit
 * files only: of a 32-bit one nothing is said.
 */
export function buildId(bytes: Uint8Array): string | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 64 || view.getUint32(0) !== 0x7f454c46 || bytes[4] !== 2 || bytes[5] !== 1) return undefined;
  try {
    const start = size(view, 32);
    const [each, count] = [view.getUint16(54, true), view.getUint16(56, true)];
    if (each < 56) return undefined;
    for (let at = start; at < start + each * Math.min(count, MAX_ENTRIES); at += each) {
      if (view.getUint32(at, true) !== PT_NOTE) continue;
      const from = size(view, at + 8);
      const found = buildIdNote(view, bytes, from, from + size(view, at + 32));
      if (found) return found;
    }
    return undefined;
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

/** Looks through the notes of one segment: sizes of name and content, type, both padded to four bytes. */
function buildIdNote(view: DataView, bytes: Uint8Array, from: number, to: number): string | undefined {
  for (let at = from; at + 12 <= to;) {
    const [nameSize, contentSize, type] = [0, 4, 8].map((offset) => view.getUint32(at + offset, true)) as [
      number,
      number,
      number,
    ];
    const content = at + 12 + (nameSize + 3 & ~3);
    if (type === NT_GNU_BUILD_ID && nameSize === 4 && view.getUint32(at + 12) === 0x474e5500 /* GNU */) {
      const id = bytes.subarray(content, content + contentSize);
      return Array.from(id, (byte) => byte.toString(16).padStart(2, "0")).join("");
    }
    at = content + (contentSize + 3 & ~3);
    if (contentSize > to || nameSize > to) return undefined;
  }
  return undefined;
}
