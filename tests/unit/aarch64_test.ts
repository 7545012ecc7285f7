import assert from "node:assert/strict";
import { aarch64 } from "../../ffi/arch/aarch64.ts";
import breakpoints from "../../probes/breakpoints.ts";
import compat_cr from "../../probes/compat_cr.ts";
import map_files from "../../probes/map_files.ts";
import mem_dirty_track from "../../probes/mem_dirty_track.ts";
import timens from "../../probes/timens.ts";
import { PTRACE_GETREGSET } from "../../ffi/uapi.ts";
import { fakeLibc } from "./fake_libc.ts";
import { probeOn } from "./probe_case.ts";

const PC = 256, PSTATE = 264, SP = 248;
const arch = aarch64();
const registers = () => new DataView(new ArrayBuffer(arch.registersSize));

Deno.test("a call of an aarch64 child goes by x8 and x0 to x5, and forgets by which branch the child came", () => {
  const view = registers();
  view.setBigInt64(PSTATE, 0x60000c00n, true);
  arch.prepareSyscall(view, 0x5004, 97, [1, -100, 3]);
  assert.deepEqual([0, 8, 16, 24, 32, 40, 64, PC].map((at) => Number(view.getBigInt64(at, true))), [
    1,
    -100,
    3,
    0,
    0,
    0,
    97,
    0x5004,
  ]);
  assert.equal(view.getBigInt64(PSTATE, true), 0x60000000n);
  view.setBigInt64(PC, 0x5008n, true);
  view.setBigInt64(0, -22n, true);
  assert.equal(arch.syscallResult(view), -22n);
});

Deno.test("a call that the kernel would restart is an interrupted one, not its own first argument", () => {
  const view = registers();
  arch.prepareSyscall(view, 0x5004, 73, [7]);
  assert.equal(arch.syscallResult(view), -4n);
});

Deno.test("a function of an aarch64 child has an aligned stack below its own", () => {
  const view = registers();
  view.setBigInt64(SP, 0x7ffc1238n, true);
  view.setBigInt64(PSTATE, 0x800n, true);
  arch.prepareJump(view, 0x6000);
  const sp = Number(view.getBigInt64(SP, true));
  assert.equal(sp % 16, 0);
  assert(sp < 0x7ffc1238);
  assert.equal(arch.instructionPointer(view), 0x6000);
  assert.equal(view.getBigInt64(PSTATE, true), 0n);
});

Deno.test("an aarch64 processor without breakpoints has none", () => {
  const finding = (info: number) =>
    probeOn(breakpoints, {
      arch: "aarch64",
      ptrace: {
        [PTRACE_GETREGSET]({ args, memory }) {
          if (args[2] === 0x402) memory.setU32(Number(memory.u64(args[3]!)), info);
          return 0;
        },
      },
      resumed: 42 << 8,
    });
  assert.match(finding(0x600).reason ?? "", /no hardware breakpoints/);
  assert.match(finding(6).reason ?? "", /no hardware breakpoints/);
  // Six of them, and the child was not stopped by the one that was set.
  assert.match(finding(0x606).reason ?? "", /ran past the hardware breakpoint/);
});

for (const probe of [mem_dirty_track, compat_cr]) {
  Deno.test(`${probe.id} is told as a thing that aarch64 has not, with no kernel to boot`, () => {
    const finding = probeOn(probe, {
      arch: "aarch64",
      files: { "/proc/self/pagemap": "", "/proc/self/clear_refs": "" },
      calls: { gettimeofday: 0, write: "EINVAL" },
    });
    assert.equal(finding.verdict, "UNSUPPORTED");
    assert.deepEqual(finding.remedies.map(({ cause }) => cause), ["ARCHITECTURE"]);
  });
}

Deno.test("calls are injected into an aarch64 child as into any other", () => {
  const finding = probeOn(timens, { arch: "aarch64", calls: { unshare: "EINVAL" } });
  assert.equal(finding.verdict, "UNSUPPORTED", finding.reason ?? "");
});

Deno.test("what CRIU does not keep of the registers is read from those sets that there are", () => {
  const { memory } = fakeLibc();
  const read = (sets: Readonly<Record<number, readonly [offset: number, value: number][]>>) => {
    const mark = memory.mark();
    const facts = arch.unkept!((_text, _request, type, iov) => {
      if (!sets[type]) return -22;
      for (const [offset, value] of sets[type]) memory.setU16(Number(memory.u64(iov)) + offset, value);
      return 0;
    }, memory);
    memory.release(mark);
    return facts;
  };
  const nothing = { taggedAddresses: false, scalable: false, vectorLength: 0 };
  const TAGGED = 0x409, SVE = 0x405, STREAMING = 0x40b, MATRIX = 0x40c;
  assert.deepEqual(read({}), nothing);
  assert.deepEqual(read({ [TAGGED]: [[0, 1]] }), { ...nothing, taggedAddresses: true });
  assert.deepEqual(read({ [TAGGED]: [[0, 2]] }), nothing);
  assert.deepEqual(read({ [SVE]: [[8, 64]] }), { ...nothing, vectorLength: 64 });
  assert.deepEqual(read({ [SVE]: [[8, 32], [12, 1]] }), { ...nothing, scalable: true, vectorLength: 32 });
  assert.deepEqual(read({ [STREAMING]: [[12, 1]] }), { ...nothing, scalable: true });
  assert.deepEqual(read({ [MATRIX]: [[0, 16]] }), nothing);
  assert.deepEqual(read({ [MATRIX]: [[0, 1040]] }), { ...nothing, scalable: true });
});

Deno.test("a page is as large as the kernel says", () => {
  const sizes: number[] = [];
  const start = 0x7f0000000000;
  const finding = probeOn(map_files, {
    arch: "aarch64",
    page: 16384,
    files: { "/proc/self/map_files": "", "/proc/self/map_files/7f0000000000-7f0000004000": "" },
    calls: {
      mmap: ({ args }) => {
        sizes.push(args[1]!);
        return start;
      },
    },
  });
  assert.equal(finding.verdict, "SUPPORTED", finding.reason ?? "");
  assert.deepEqual(sizes, [16384]);
});
