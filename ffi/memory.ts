const ENCODER = new TextEncoder();
const DECODER = new TextDecoder();

/**
 * A piece of memory at a known address, from which everything that the kernel shall read or write is cut.
 * Addresses are plain numbers, so the same ones serve a call of this process and a call injected into a
 * child that was cloned afterwards and has a copy of it.
 */
export class Memory {
  readonly #bytes: Uint8Array;
  /** All of the memory, for reading and writing numbers by address: subtract `base`. */
  readonly #view: DataView;
  #used = 0;

  constructor(
    /** The address of the first byte. */
    readonly base: number,
    buffer: ArrayBuffer,
  ) {
    this.#bytes = new Uint8Array(buffer);
    this.#view = new DataView(buffer);
  }

  /** Cuts `size` zeroed bytes and returns their address, a multiple of `align`. */
  alloc(size: number, align = 8): number {
    const address = this.room(size, align);
    const start = address - this.base;
    this.#bytes.fill(0, start, start + size);
    return address;
  }

  /**
   * As `alloc`, for what the kernel writes before anybody reads it: the bytes are what they were. Zeroing much for an
   * answer that is short would touch each page of it, and after each child copy them.
   */
  room(size: number, align = 8): number {
    const start = Math.ceil((this.base + this.#used) / align) * align - this.base;
    if (start + size > this.#bytes.length) {
      throw new RangeError(`Cannot cut ${size} bytes: the scratch memory is used up`);
    }
    this.#used = start + size;
    return this.base + start;
  }

  /** How much is in use; give it to `release` to free all that was cut since. */
  mark(): number {
    return this.#used;
  }

  /** Frees all that was cut since `mark`. */
  release(mark: number): void {
    this.#used = mark;
  }

  /** Stores a C string and returns its address. */
  cstring(text: string): number {
    const bytes = ENCODER.encode(text);
    const address = this.alloc(bytes.length + 1, 1);
    this.write(address, bytes);
    return address;
  }

  /** Stores bytes in newly cut memory and returns their address. */
  store(bytes: ArrayLike<number>, align = 8): number {
    const address = this.alloc(bytes.length, align);
    this.write(address, bytes);
    return address;
  }

  /** Copies bytes to an address. */
  write(address: number, bytes: ArrayLike<number>): void {
    this.#bytes.set(bytes, address - this.base);
  }

  /** The bytes at an address, not copied: read them before the next call changes them. */
  bytes(address: number, size: number): Uint8Array {
    return this.#bytes.subarray(address - this.base, address - this.base + size);
  }

  /** A view on `size` bytes at an address. */
  view(address: number, size: number): DataView {
    return new DataView(this.#view.buffer, address - this.base, size);
  }

  /** The UTF-8 text of `size` bytes at an address. */
  text(address: number, size: number): string {
    return DECODER.decode(this.bytes(address, size));
  }

  u8(address: number): number {
    return this.#view.getUint8(address - this.base);
  }
  u16(address: number): number {
    return this.#view.getUint16(address - this.base, true);
  }
  u32(address: number): number {
    return this.#view.getUint32(address - this.base, true);
  }
  i32(address: number): number {
    return this.#view.getInt32(address - this.base, true);
  }
  u64(address: number): bigint {
    return this.#view.getBigUint64(address - this.base, true);
  }
  setU8(address: number, value: number): void {
    this.#view.setUint8(address - this.base, value);
  }
  setU16(address: number, value: number): void {
    this.#view.setUint16(address - this.base, value, true);
  }
  setU32(address: number, value: number): void {
    this.#view.setUint32(address - this.base, value, true);
  }
  setI32(address: number, value: number): void {
    this.#view.setInt32(address - this.base, value, true);
  }
  /** Takes a number for values a double holds exactly, a bigint for the others. */
  setU64(address: number, value: number | bigint): void {
    this.#view.setBigUint64(address - this.base, BigInt.asUintN(64, BigInt(value)), true);
  }
}
