import assert from "node:assert/strict";
import { Sys } from "../../../ffi/sys.ts";
import { Endpoint, EndpointError } from "../../../rpc/endpoint.ts";
import { fakeLibc, type FakeMachine } from "../fake_libc.ts";

const S_IFSOCK = 0o140000, S_IFREG = 0o100000;

/** Opens a socket at /run/x/s on a fake machine; the calls that were made, in order. */
function open(calls: FakeMachine["calls"], files: Record<string, string> = {}) {
  const made: string[] = [];
  const answers = {
    socket: 7,
    bind: 0,
    listen: 0,
    flock: 0,
    umask: 0o22,
    unlinkat: 0,
    connect: "ECONNREFUSED",
    ...calls,
  } as NonNullable<FakeMachine["calls"]>;
  const libc = fakeLibc({ files: { "/run/x": "", ...files }, calls: answers });
  const syscall = libc.syscall;
  const sys = new Sys({
    ...libc,
    syscall: (name, ...args) => {
      made.push(name === "umask" ? `umask ${args[0]!.toString(8)}` : name);
      return syscall(name, ...args);
    },
  }, []);
  try {
    Endpoint.open(sys, "/run/x/s", 0o600);
    return { made, error: null };
  } catch (error) {
    assert(error instanceof EndpointError, String(error));
    return { made, error: error.message };
  }
}

/** What statx tells of the path. */
const kind = (mode: number): FakeMachine["calls"] => ({
  statx: ({ args, memory }) => {
    memory.setU16(args[4]! + 28, mode);
    return 0;
  },
});

/** In use at first, free when it was taken away. */
function inUseOnce() {
  let times = 0;
  return () => times++ === 0 ? "EADDRINUSE" : 0;
}

Deno.test("the folder is locked before the path is looked at, and permissions are there from the first moment", () => {
  const { made, error } = open({});
  assert.equal(error, null);
  const order = ["mkdirat", "flock", "socket", "umask 177", "bind", "umask 22", "listen"];
  assert.deepEqual(made.filter((name) => order.includes(name)), order);
});

Deno.test("a stale socket is taken away and its place is taken, under the lock", () => {
  const { made, error } = open({ ...kind(S_IFSOCK), bind: inUseOnce() });
  assert.equal(error, null);
  const order = ["flock", "bind", "connect", "unlinkat", "bind", "listen"];
  assert.deepEqual(made.filter((name) => order.includes(name)), order);
});

Deno.test("a folder that cannot be locked hinders nothing", () => {
  assert.equal(open({ flock: "ENOLCK" }).error, null);
});

const REFUSED: readonly (readonly [what: string, calls: FakeMachine["calls"], says: RegExp])[] = [
  [
    "somebody listens",
    { ...kind(S_IFSOCK), bind: "EADDRINUSE", connect: 0 },
    /^another program listens there already$/,
  ],
  ["somebody's queue is full", { ...kind(S_IFSOCK), bind: "EADDRINUSE", connect: "EAGAIN" }, /listens there already/],
  [
    "it is a stream socket",
    { ...kind(S_IFSOCK), bind: "EADDRINUSE", connect: "EPROTOTYPE" },
    /of another kind.*EPROTOTYPE/,
  ],
  ["it may not be asked", { ...kind(S_IFSOCK), bind: "EADDRINUSE", connect: "EACCES" }, /EACCES$/],
  ["it is a file", { ...kind(S_IFREG), bind: "EADDRINUSE" }, /no socket; it is left alone$/],
  ["the folder cannot be made", { mkdirat: "EROFS" }, /^mkdir\(\): EROFS$/],
  ["binding is refused", { bind: "EACCES" }, /^bind\(\): EACCES$/],
  ["listening is refused", { listen: "EOPNOTSUPP" }, /^listen\(\): EOPNOTSUPP$/],
  ["there is no socket to be had", { socket: "EMFILE" }, /EMFILE$/],
];
for (const [what, calls, says] of REFUSED) {
  Deno.test(`no socket is made, and nothing taken away, where ${what}`, () => {
    const { made, error } = open(calls);
    assert.match(error ?? "", says);
    assert(!made.includes("unlinkat"));
  });
}
