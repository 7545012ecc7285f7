import assert from "node:assert/strict";
import fc from "fast-check";
import { epollTargets, eventfdCount, inotifyWatches, signalMask } from "../../proc/fdinfo.ts";

const COMMON = "pos:\t0\nflags:\t02\nmnt_id:\t15\nino:\t1057\n";
const WATCH = "inotify wd:2 ino:9e7e sdev:800013 mask:800afce ignored_mask:0 ";

Deno.test("each kind is read from its file", () => {
  assert.equal(eventfdCount(`${COMMON}eventfd-count:                d\neventfd-id: 4\n`), 13);
  assert.equal(signalMask(`${COMMON}sigmask:\t0000000000000200\n`), 0x200n);
  const epoll =
    "tfd:        5 events:       1d data: ffffffffffffffff  pos:0 ino:61af sdev:7\ntfd: 6 events: 1 data: 0\n";
  assert.deepEqual(epollTargets(COMMON + epoll), [5, 6]);
  const handle = "fhandle-bytes:8 fhandle-type:1 f_handle:7e9e0000640d1b6d\n";
  assert.deepEqual(inotifyWatches(COMMON + WATCH + handle), [{ wd: 2, handle: true }]);
});

Deno.test("what is not there is not read", () => {
  assert.equal(eventfdCount(COMMON), undefined);
  assert.equal(signalMask(COMMON), undefined);
  assert.equal(signalMask(`sigmask:\t${"f".repeat(17)}\n`), undefined);
  assert.deepEqual(epollTargets(COMMON), []);
  assert.deepEqual(inotifyWatches(COMMON + WATCH + "\n"), [{ wd: 2, handle: false }]);
});

Deno.test("any text gives values or none", () => {
  const text = fc.string({ unit: fc.constantFrom(..."tfd: inotifywe\n\t0af-_") });
  fc.assert(fc.property(text, (one) => {
    eventfdCount(one);
    signalMask(one);
    assert.ok(epollTargets(one).length + inotifyWatches(one).length >= 0);
  }));
});
