import assert from "node:assert/strict";
import fdinfo_ext from "../../../probes/fdinfo_ext.ts";
import { type Call, type FakeMachine, FILTERED_STATUS, type Reply } from "../fake_libc.ts";
import { probeCases, probeOn } from "../probe_case.ts";

const COMMON = "pos:\t0\nflags:\t02\nmnt_id:\t15\n";
const WATCH = `${COMMON}inotify wd:1 ino:2 sdev:800013 mask:fff ignored_mask:0 `;
const HANDLE = "fhandle-bytes:8 fhandle-type:1 f_handle:0200000000000000\n";
const GOOD = {
  2001: `${COMMON}eventfd-count:                d\n`,
  2002: `${COMMON}tfd:        3 events:       1d data:                0  pos:0 ino:61af sdev:7\n`,
  2003: `${COMMON}sigmask:\t0000000000000200\n`,
  2004: WATCH + HANDLE,
};

/** A machine that shows these texts of its four descriptors. */
function shows(
  texts: Record<number, string>,
  calls: FakeMachine["calls"] = {},
  files: FakeMachine["files"] = {},
): FakeMachine {
  const shown = Object.entries({ ...GOOD, ...texts }).map(([fd, text]) => [`/proc/self/fdinfo/${fd}`, text]);
  return {
    files: { ...Object.fromEntries(shown), ...files },
    calls: {
      eventfd2: 2001,
      epoll_create1: 2002,
      epoll_ctl: 0,
      signalfd4: 2003,
      inotify_init1: 2004,
      inotify_add_watch: 1,
      ...calls,
    },
  };
}

const FILTERED = { "/proc/self/status": FILTERED_STATUS };

probeCases(fdinfo_ext, [
  ["all four are shown", shows({}), "SUPPORTED"],
  ["the counter is missing", shows({ 2001: COMMON }), "UNSUPPORTED", /eventfd-count/],
  ["the counter is another", shows({ 2001: GOOD[2001].replace("d\n", "e\n") }), "UNSUPPORTED", /eventfd-count/],
  ["epoll's targets are missing", shows({ 2002: COMMON }), "UNSUPPORTED", /tfd/],
  ["epoll's target is another", shows({ 2002: GOOD[2002].replace("3 events", "99 events") }), "UNSUPPORTED", /tfd/],
  ["the signals are missing", shows({ 2003: COMMON }), "UNSUPPORTED", /sigmask/],
  ["the watch is missing", shows({ 2004: COMMON }), "UNSUPPORTED", /no wd/],
  ["no folder has a file handle", shows({ 2004: `${WATCH}\n` }), "UNSUPPORTED", /no file handle/],
  ["a filter made the watch up", shows({ 2004: COMMON }, {}, FILTERED), "INCONCLUSIVE", /no wd/],
  ["a filter made the target up", shows({ 2002: COMMON }, {}, FILTERED), "INCONCLUSIVE", /tfd/],
  ["there is no eventfd", shows({}, { eventfd2: "ENOSYS" }), "UNSUPPORTED", /eventfd2.*ENOSYS/],
  ["there is no inotify", shows({}, { inotify_init1: "ENOSYS" }), "UNSUPPORTED", /inotify_init1.*ENOSYS/],
  [
    "inotify's descriptors are in use",
    shows({}, { inotify_init1: "EMFILE" }, { "/proc/sys/fs/inotify/max_user_instances": "128\n" }),
    "BLOCKED",
    /EMFILE/,
  ],
  ["inotify's watches are in use", shows({}, { inotify_add_watch: "ENOSPC" }), "BLOCKED", /ENOSPC/],
  ["no folder can be watched", shows({}, { inotify_add_watch: "EACCES" }), "INCONCLUSIVE", /EACCES/],
  ["nothing is shown", shows({}, {}, { "/proc/self/fdinfo/2001": "!EACCES" }), "INCONCLUSIVE", /EACCES/],
]);

Deno.test("criu's no in a folder without file handles is told", () => {
  let look = 0;
  const calls = {
    inotify_add_watch: () => ++look,
  };
  const two = WATCH + "\n" + (WATCH + HANDLE).replace(COMMON, "").replace("wd:1", "wd:2");
  const finding = probeOn(fdinfo_ext, shows({ 2004: two }, calls));
  assert.equal(finding.verdict, "SUPPORTED");
  assert.equal(finding.criuDiffers?.verdict, "UNSUPPORTED");
});

Deno.test("the watches are given to the collector of sockets, or closed here where there is none", () => {
  const closed: number[] = [];
  const calls = (sendmsg: Reply) => ({
    socketpair({ args, memory }: Call) {
      memory.setI32(args[3]!, 2005);
      memory.setI32(args[3]! + 4, 2006);
      return 0;
    },
    // Both in one message: the watches, and the socket that is to receive it.
    sendmsg({ args: [fd, header], memory }: Call) {
      const control = Number(memory.u64(header! + 32));
      assert.deepEqual([fd, memory.i32(control + 16), memory.i32(control + 20)], [2005, 2004, 2006]);
      return sendmsg as number | string;
    },
    close({ args }: Call) {
      closed.push(args[0]!);
      return null;
    },
  });
  for (const [answer, last] of [[1, [2004, 2006, 2005]], ["EPERM", [2005, 2006, 2004]]] as const) {
    closed.length = 0;
    assert.equal(probeOn(fdinfo_ext, shows({}, calls(answer))).verdict, "SUPPORTED");
    assert.deepEqual(closed.filter((fd) => fd >= 2004), last);
  }
});
