import type { Memory } from "./memory.ts";

const SIZES = { u8: 1, u16: 2, u32: 4, i32: 4, u64: 8 } as const;

/** One field of a C struct: its byte offset, as pahole(1) prints it, and its type. */
export type Field = readonly [offset: number, type: keyof typeof SIZES];

/** The layout of a C struct. */
export interface Struct<K extends string> {
  /** The name in the kernel header. */
  readonly name: string;
  /** Bytes. */
  readonly size: number;
  /** Cuts the struct from `memory`, zeroed but for `values`; returns its address. */
  pack(memory: Memory, values?: Partial<Record<K, number | bigint>>): number;
  /** Reads one field; a 64-bit one as a bigint is never needed here, so it becomes a number. */
  get(memory: Memory, address: number, field: K): number;
  /** Writes one field. */
  set(memory: Memory, address: number, field: K, value: number | bigint): void;
}

/** Describes a C struct by the offsets of its fields; a field beyond `size` throws at once. */
export function struct<K extends string>(
  name: string,
  size: number,
  fields: Record<K, Field>,
): Struct<K> {
  for (const [field, [offset, type]] of Object.entries<Field>(fields)) {
    if (offset + SIZES[type] > size) throw new RangeError(`Field ${field} lies outside struct ${name}`);
  }
  const set = (memory: Memory, address: number, field: K, value: number | bigint) => {
    const [offset, type] = fields[field];
    const at = address + offset;
    if (type === "u64") memory.setU64(at, value);
    else if (type === "i32") memory.setI32(at, Number(value));
    else if (type === "u32") memory.setU32(at, Number(value));
    else if (type === "u16") memory.setU16(at, Number(value));
    else memory.setU8(at, Number(value));
  };
  return {
    name,
    size,
    set,
    pack(memory, values = {}) {
      const address = memory.alloc(size);
      for (const [field, value] of Object.entries(values)) {
        set(memory, address, field as K, value as number | bigint);
      }
      return address;
    },
    get(memory, address, field) {
      const [offset, type] = fields[field];
      const at = address + offset;
      if (type === "u64") return Number(memory.u64(at));
      if (type === "i32") return memory.i32(at);
      if (type === "u32") return memory.u32(at);
      return type === "u16" ? memory.u16(at) : memory.u8(at);
    },
  };
}
