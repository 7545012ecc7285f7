import { decodeBytes } from "../ffi/bytes.ts";
import type { Memory } from "../ffi/memory.ts";

/** Bytes that are turned into text at once. */
const ROOM = 32 * 1024;

/**
 * Short texts that the kernel writes one after the other into memory: they are decoded together, since a call of the
 * decoder for each costs more than all the rest. Lives in scratch memory: release that when it is finished.
 */
export class Texts {
  readonly #memory: Memory;
  readonly #base: number;
  readonly #done: string[] = [];
  #ends: number[] = [];
  #used = 0;

  /** For texts of at most `most` bytes. */
  constructor(memory: Memory, most: number) {
    this.#memory = memory;
    this.#base = memory.room(ROOM + most);
  }

  /** The address at which the next text is to be written. */
  get end(): number {
    return this.#base + this.#used;
  }

  /** Takes the `length` bytes at `end` for a text. */
  add(length: number): void {
    this.#used += length;
    this.#ends.push(this.#used);
    if (this.#used > ROOM) this.#flush();
  }

  /** Takes a text that is none in the memory. */
  addText(text: string): void {
    this.#flush();
    this.#done.push(text);
  }

  /** All texts, in the order in which they were added. */
  finish(): readonly string[] {
    this.#flush();
    return this.#done;
  }

  #flush(): void {
    const bytes = this.#memory.bytes(this.#base, this.#used);
    const text = decodeBytes(bytes);
    // Nearly all are: then a character is a byte.
    const ascii = text.length === bytes.length;
    let start = 0;
    for (const end of this.#ends) {
      this.#done.push(ascii ? text.slice(start, end) : decodeBytes(bytes.subarray(start, end)));
      start = end;
    }
    this.#ends = [];
    this.#used = 0;
  }
}
