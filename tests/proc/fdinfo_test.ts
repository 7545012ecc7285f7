import assert from "node:assert/strict";
import fc from "fast-check";
import * as fdinfo from "../../proc/fdinfo.ts";

const COMMON = "pos:\t0\nflags:\t02004002\nmnt_id:\t15\nino:\t1057\n";

Deno.test("what every file has is read", () => {
  assert.equal(fdinfo.fdFlags(COMMON), 0o2004002);
  assert.equal(fdinfo.fdMount(COMMON), 15);
  assert.equal(fdinfo.fdFlags("flags:\t0100000\n"), 0o100000);
  assert.equal(fdinfo.fdFlags("pos:\t0\nmyflags:\t01\n"), undefined);
  assert.equal(fdinfo.fdMount(""), undefined);
});

Deno.test("each kind is read from its file", () => {
  assert.equal(fdinfo.eventfdSemaphore(`${COMMON}eventfd-count: 0\neventfd-id: 4\neventfd-semaphore: 1\n`), true);
  assert.equal(fdinfo.eventfdSemaphore(`${COMMON}eventfd-count: 0\neventfd-semaphore: 0\n`), false);
  assert.equal(fdinfo.eventfdSemaphore(COMMON), undefined);
  const timer = "clockid: 9\nticks: 3\nsettime flags: 01\nit_value: (0, 1)\nit_interval: (0, 0)\n";
  assert.equal(fdinfo.timerfdClock(COMMON + timer), 9);
  assert.equal(fdinfo.timerfdTicks(COMMON + timer), 3);
  assert.equal(fdinfo.pidfdPid(`${COMMON}Pid:\t-1\nNSpid:\t-1\n`), -1);
  assert.equal(fdinfo.pidfdPid(`${COMMON}Pid:\t4711\nNSpid:\t4711\t1\n`), 4711);
  assert.equal(fdinfo.bpfMapType(`${COMMON}map_type:\t27\nkey_size:\t0\n`), 27);
  assert.equal(fdinfo.ttyIndex(`${COMMON}tty-index:\t12\n`), 12);
});

Deno.test("epoll targets have their inode where the kernel tells it", () => {
  const text = `${COMMON}tfd:        5 events:       1d data: ffffffffffffffff  pos:0 ino:61af sdev:7\n` +
    "tfd: 6 events: 1 data: 0\ntfd: 5 events: 19 data: 5  pos:-1 ino:ffffffffffffffff sdev:800001\n";
  assert.deepEqual(fdinfo.epollFiles(text), [
    { fd: 5, ino: 0x61afn, device: 7 },
    { fd: 6, ino: null, device: null },
    { fd: 5, ino: 0xffffffffffffffffn, device: 0x800001 },
  ]);
});

Deno.test("watched files have their handle where the kernel made one", () => {
  const inotify = "inotify wd:2 ino:9e7e sdev:800013 mask:800afce ignored_mask:0 " +
    "fhandle-bytes:8 fhandle-type:1 f_handle:7e9e0000640d1b6d\n";
  assert.deepEqual(fdinfo.watchedFiles(COMMON + inotify), [{
    ino: 0x9e7en,
    device: 0x800013,
    handle: { type: 1, bytes: Uint8Array.of(0x7e, 0x9e, 0, 0, 0x64, 0x0d, 0x1b, 0x6d) },
  }]);
  const without = "inotify wd:2 ino:9e7e sdev:800013 mask:800afce ignored_mask:0 \n";
  assert.deepEqual(fdinfo.watchedFiles(COMMON + without), [{ ino: 0x9e7en, device: 0x800013, handle: null }]);
  const fanotify = "fanotify flags:10 event-flags:0\nfanotify mnt_id:1f mflags:0 mask:1 ignored_mask:40000000\n" +
    "fanotify ino:4f969 sdev:800013 mflags:0 mask:3b ignored_mask:40000000 fhandle-bytes:c fhandle-type:81 " +
    "f_handle:ff00000000000000ab000000\nfanotify sdev:13 mflags:0 mask:1 ignored_mask:0\n";
  assert.deepEqual(fdinfo.watchedFiles(fanotify).map(({ ino, handle }) => [ino, handle?.type, handle?.bytes.length]), [
    [0x4f969n, 0x81, 12],
  ]);
  assert.deepEqual(fdinfo.watchedMounts(fanotify), [0x1f]);
  assert.equal(fdinfo.watchedFileSystems(fanotify), 1);
});

Deno.test("locks are the lines of that name, empty ones left out", () => {
  const line = "1: FLOCK  ADVISORY  WRITE 9837 fe:00:393300 0 EOF";
  assert.deepEqual(fdinfo.fdLocks(`${COMMON}lock:\t${line}\nlock:\t\nlock:\t2${line.slice(1)}\n`), [
    line,
    `2${line.slice(1)}`,
  ]);
  assert.deepEqual(fdinfo.fdLocks(COMMON), []);
});

Deno.test("the files of this process are read", () => {
  for (const { name } of Deno.readDirSync("/proc/self/fd")) {
    let text: string;
    try {
      text = Deno.readTextFileSync(`/proc/self/fdinfo/${name}`);
    } catch {
      continue;
    }
    assert.equal(typeof fdinfo.fdFlags(text), "number");
    assert.equal(typeof fdinfo.fdMount(text), "number");
  }
});

Deno.test("any text gives values or none", () => {
  const words = fc.constantFrom(
    "tfd: ",
    "inotify wd:",
    "fanotify ino:",
    "fanotify mnt_id:",
    " sdev:",
    " pos:",
    " ino:",
    " f_handle:",
    " fhandle-bytes:",
    "lock:\t",
    "flags:\t",
    "\n",
    "7",
    "ff",
    " ",
  );
  fc.assert(fc.property(fc.array(words).map((list) => list.join("")), (text) => {
    for (const parse of Object.values(fdinfo)) parse(text);
  }));
});
