import assert from "node:assert/strict";
import { criu_req_type as Type } from "../../../proto/gen/rpc_pb.ts";
import { Answers, KEPT_OPEN } from "../../../rpc/answers.ts";
import type { Request, Response } from "../../../rpc/packet.ts";
import { fakeLibc, type FakeMachine } from "../fake_libc.ts";

const NO_FEATURES = { memTrack: false, lazyPages: false, pidfdStore: false };

function answer(machine: FakeMachine, request: Partial<Request>, criu: string | null = null): Response | null {
  using answers = new Answers(fakeLibc(machine), { criu, noAutoload: false });
  return answers.react({ type: null, keepOpen: false, features: null, ...request }).response;
}

const CRIU = (output: string, code = 0): FakeMachine => ({
  environment: { PATH: "/usr/sbin" },
  files: { "/usr/sbin/criu": "" },
  programs: { "/usr/sbin/criu": { output, code } },
});

Deno.test("VERSION is what criu --version says, and nothing else", () => {
  const rows: [string, Response["version"]][] = [
    ["Version: 4.2.1\n", { major: 4, minor: 2, sublevel: 1, gitId: null }],
    ["Version: 4.2\n", { major: 4, minor: 2, sublevel: null, gitId: null }],
    ["Version: 4.2\nGitID: v4.2-31-g2cf8f13ca\n", { major: 4, minor: 2, sublevel: null, gitId: "v4.2-31-g2cf8f13ca" }],
    ["Warn  (criu/x.c:1): odd\nVersion: 3.17.1\n", { major: 3, minor: 17, sublevel: 1, gitId: null }],
  ];
  for (const [output, version] of rows) {
    assert.deepEqual(answer(CRIU(output), { type: Type.VERSION }), { type: Type.VERSION, success: true, version });
  }
});

Deno.test("VERSION without an answer of criu's is success=false with a reason, never a number of ours", () => {
  const rows: [FakeMachine, RegExp][] = [
    [{}, /there is no criu in PATH$/],
    [CRIU("cready 0.1.0 (answers as criu check 4.2)\n"), /ended with exit code 0 and no version: cready 0\.1\.0/],
    [CRIU("", 1), /ended with exit code 1 and no version$/],
    [CRIU("Version: \x1b[2J4.2\n"), /no version/],
  ];
  for (const [machine, says] of rows) {
    const response = answer(machine, { type: Type.VERSION });
    assert.deepEqual([response?.success, response?.errno, response?.version], [false, 2, undefined]);
    assert.match(response?.message ?? "", says);
    assert(!response?.message?.includes("\x1b"));
  }
});

Deno.test("VERSION of a criu that was named is that one's", () => {
  const machine = { ...CRIU("Version: 1.0\n"), programs: { "/opt/criu": { output: "Version: 4.1.1\n" } } };
  assert.equal(answer(machine, { type: Type.VERSION }, "/opt/criu")?.version?.minor, 1);
});

Deno.test("FEATURE_CHECK asks only for what is asked as true", () => {
  const response = answer({}, { type: Type.FEATURE_CHECK, features: NO_FEATURES });
  assert.deepEqual(response, { type: Type.FEATURE_CHECK, success: true, features: NO_FEATURES, message: "" });
});

Deno.test("FEATURE_CHECK names why each feature is not there", () => {
  const all = { memTrack: true, lazyPages: true, pidfdStore: true };
  const response = answer({}, { type: Type.FEATURE_CHECK, features: all });
  assert.deepEqual([response?.success, response?.features], [true, NO_FEATURES]);
  for (const start of ["mem_track: mem_dirty_track: ", "; lazy_pages: uffd: ", "; pidfd_store: pidfd_store: "]) {
    assert(response?.message?.includes(start), `${response?.message} does not hold ${start}`);
  }
});

Deno.test("FEATURE_CHECK without features is refused as bad options", () => {
  const response = answer({}, { type: Type.FEATURE_CHECK });
  assert.deepEqual([response?.success, response?.errno, response?.features], [false, 56, undefined]);
});

Deno.test("CHECK names the first failing check and its reason", () => {
  const response = answer({}, { type: Type.CHECK });
  assert.deepEqual([response?.type, response?.success], [Type.CHECK, false]);
  assert.match(response?.message ?? "", /^(cannot tell: )?\w+: \S/);
});

Deno.test("all that is no check is refused with 95, by the type that CRIU answers with", () => {
  for (const type of Object.values(Type).filter((one): one is Type => typeof one === "number")) {
    if ([Type.CHECK, Type.FEATURE_CHECK, Type.VERSION].includes(type)) continue;
    const response = answer({}, { type });
    const unknown = type === Type.EMPTY || type === Type.NOTIFY;
    assert.deepEqual([response?.type, response?.success, response?.errno], [unknown ? Type.EMPTY : type, false, 95]);
  }
  assert.deepEqual([answer({}, {})?.type, answer({}, {})?.errno], [Type.EMPTY, 95]);
});

Deno.test("keep_open goes on where CRIU goes on, and ends the rest without an answer", () => {
  using answers = new Answers(fakeLibc(), { criu: null, noAutoload: false });
  for (const type of [null, ...Object.values(Type).filter((one): one is Type => typeof one === "number")]) {
    const reaction = answers.react({ type, keepOpen: true, features: NO_FEATURES });
    if (type !== null && KEPT_OPEN.includes(type)) assert(reaction.response !== null && reaction.goOn);
    else assert.equal(reaction.response, null);
  }
});

Deno.test("what is found out for one request serves the others of its time", () => {
  let asked = 0;
  const libc = fakeLibc({
    calls: {
      socketpair: () => {
        asked++;
        return "ENOSYS";
      },
    },
  });
  const request = { type: Type.FEATURE_CHECK, keepOpen: false, features: { ...NO_FEATURES, pidfdStore: true } };
  using first = new Answers(libc, { criu: null, noAutoload: false });
  for (let i = 0; i < 5; i++) first.react(request);
  assert.equal(asked, 1);
  using second = new Answers(libc, { criu: null, noAutoload: false });
  second.react(request);
  assert.equal(asked, 2);
});
