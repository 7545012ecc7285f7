import assert from "node:assert/strict";
import { withholdHeap } from "../../ffi/heap.ts";
import { fakeLibc } from "./fake_libc.ts";

const MAPS = `1428e6040000-1428e6080000 rw-p 00000000 00:00 0
1428e6080000-1428e60c0000 r--p 00000000 00:00 0
151529340000-151529380000 rw-p 00000000 00:00 0 
17ea0e540000-17ea0e580000 rw-s 00000000 00:01 9                          /dev/zero (deleted)
55719e954000-55719e999000 rw-p 00000000 00:00 0
5571cf2bc000-5571cf715000 rw-p 00000000 00:00 0                          [heap]
7f9d21240000-7f9d2131f000 rw-p 00000000 00:00 0
7f9d21340000-7f9d21380000 rw-p 00000000 00:00 0
7f9d2135a000-7f9d21380000 rw-p 00000000 00:00 0
7ffd00000000-7ffd00040000 rw-p 00000000 00:00 0                          [stack]
`;

function withheld(needed: readonly number[], maps = MAPS): string[] {
  const found: string[] = [];
  const libc = fakeLibc({
    files: { "/proc/self/maps": maps },
    calls: {
      madvise({ args: [start, size, advice] }) {
        found.push(`${start!.toString(16)}+${size!.toString(16)} ${advice}`);
        return 0;
      },
    },
  });
  withholdHeap(libc, needed, 0x7f9d20000000);
  assert.equal(libc.open.size, 0);
  return found;
}

Deno.test("the pages of the JavaScript heap and malloc's heap are kept out of children, and nothing else", () => {
  assert.deepEqual(withheld([]), ["1428e6040000+40000 10", "151529340000+40000 10", "5571cf2bc000+459000 10"]);
});

Deno.test("what a child needs stays, wherever it lies", () => {
  assert.deepEqual(withheld([0x151529340000, 0x5571cf714fff]), ["1428e6040000+40000 10"]);
  assert.equal(withheld([0x1428e6080000]).length, 3);
});

Deno.test("maps that cannot be read change nothing", () => assert.deepEqual(withheld([], "!EMFILE"), []));
