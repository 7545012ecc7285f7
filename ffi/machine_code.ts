import { SysError } from "./errno.ts";
import type { Sys } from "./sys.ts";
import { MAP_ANONYMOUS, MAP_PRIVATE, PROT_READ, PROT_WRITE } from "./uapi.ts";

const PROT_EXEC = 4;

const FUNCTION = { parameters: ["u32", "u32", "usize"], result: "void" } as const;

/** A piece of machine code as a C function of three arguments; the page it lies on goes with its owner. */
export interface MachineCode extends Disposable {
  /** `void f(unsigned a, unsigned b, void *out)`. */
  run(a: number, b: number, out: number): void;
}

/**
 * Puts machine code on a page of its own, which is first written and then made executable, never both at a time.
 * Throws `SysError` where memory may not become code.
 */
export function machineCode(sys: Sys, code: Uint8Array): MachineCode {
  if (code.length > sys.page) throw new RangeError(`Cannot hold ${code.length} bytes of code: a page has ${sys.page}`);
  const address = sys.mmap(sys.page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS);
  const free = () => void sys.try("munmap", address, sys.page);
  const pointer = Deno.UnsafePointer.create<typeof FUNCTION>(BigInt(address));
  const refused = pointer && write(sys, pointer, address, code);
  if (!pointer || refused) {
    free();
    throw new SysError("mprotect(PROT_EXEC)", refused || 12 /* ENOMEM */);
  }
  const call = new Deno.UnsafeFnPointer(pointer, FUNCTION);
  return {
    run: (a, b, out) => call.call(a, b, BigInt(out)),
    [Symbol.dispose]: free,
  };
}

/** Fills the page and turns it into code; returns the errno, 0 for none. */
function write(sys: Sys, pointer: Deno.PointerObject, address: number, code: Uint8Array): number {
  new Uint8Array(Deno.UnsafePointerView.getArrayBuffer(pointer, code.length)).set(code);
  return -sys.try("mprotect", address, sys.page, PROT_READ | PROT_EXEC);
}
