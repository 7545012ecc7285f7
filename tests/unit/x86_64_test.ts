import assert from "node:assert/strict";
import { x86_64 } from "../../ffi/arch/x86_64.ts";

const EFLAGS = 144;

Deno.test("a call that a child is made to do passes no breakpoint because of a fault before", () => {
  const registers = new DataView(new ArrayBuffer(x86_64.registersSize));
  registers.setBigInt64(EFLAGS, 0x10246n, true);
  x86_64.prepareSyscall(registers, 0x5001, 231, [42]);
  assert.equal(registers.getBigInt64(EFLAGS, true), 0x246n);
});

Deno.test("a 32-bit call answers an address or an errno, whatever the upper half holds", () => {
  const registers = new DataView(new ArrayBuffer(x86_64.registersSize));
  const answering = (value: bigint) => {
    registers.setBigUint64(80, value, true);
    return x86_64.compat!.syscallResult(registers);
  };
  assert.equal(answering(0xf7f38000n), 0xf7f38000);
  assert.equal(answering(0xfffffff4n), -12);
  assert.equal(answering(0xfffffffffffffff4n), -12);
  assert.equal(answering(0x7f12f7f38000n), 0xf7f38000);
});
