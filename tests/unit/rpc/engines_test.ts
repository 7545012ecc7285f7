import assert from "node:assert/strict";
import { conclusions, type EngineAnswer, ENGINES, type Known } from "../../../rpc/engines.ts";

const ALL = { memTrack: true, lazyPages: true, pidfdStore: true };
const version = (major: number, minor: number, sublevel: number | null = null) => ({
  major,
  minor,
  sublevel,
  gitId: null,
});

/** A machine on which all is well. */
const WELL: Known = {
  found: true,
  why: "it gave no such answer",
  version: version(4, 2, 1),
  features: ALL,
  libcriuVersion: version(4, 2, 1),
  libcriuFeatures: ALL,
  libcriu: "/usr/lib/libcriu.so.2",
  root: true,
  starts: true,
  versionLine: "Version: 4.2.1",
  memDirtyTrack: true,
  uffdNoncoop: true,
  probed: { memTrack: "SUPPORTED", lazyPages: "SUPPORTED", pidfdStore: "SUPPORTED" },
};
const NAMES = ENGINES.map(({ engine }) => engine);

function concluded(change: Partial<Known>) {
  return conclusions({ ...WELL, ...change }, () => true);
}

const answers = (change: Partial<Known>) => concluded(change).map(({ answer }) => answer);
const words = (change: Partial<Known>, engine: string) => {
  const { statements, misled } = concluded(change).find((one) => one.engine === engine)!;
  return [...statements, ...misled].join("\n");
};

const ROWS: readonly (readonly [what: string, change: Partial<Known>, answers: readonly EngineAnswer[]])[] = [
  // runc, crun, podman, CRI-O, containerd, lxc
  ["all is well", {}, ["YES", "YES", "YES", "YES", "YES", "YES"]],
  ["there is no criu", { found: false, why: "there is no criu in PATH", version: null }, [
    "NO",
    "NO",
    "NO",
    "NO",
    "NO",
    "NO",
  ]],
  ["VERSION fails", { version: null, libcriuVersion: null, why: "no answer" }, ["NO", "NO", "NO", "NO", "NO", "YES"]],
  ["criu is 2.12", both(2, 12), ["NO", "NO", "NO", "NO", "NO", "YES"]],
  ["criu is 3.0", both(3, 0), ["PARTLY", "NO", "NO", "NO", "NO", "YES"]],
  ["criu is 3.10", both(3, 10), ["PARTLY", "NO", "NO", "NO", "NO", "YES"]],
  ["criu is 3.11", both(3, 11), ["PARTLY", "NO", "PARTLY", "NO", "NO", "YES"]],
  ["criu is 3.15", both(3, 15), ["PARTLY", "YES", "PARTLY", "NO", "NO", "YES"]],
  ["criu is 3.16", both(3, 16), ["YES", "YES", "YES", "YES", "YES", "YES"]],
  ["not root", { root: false }, ["YES", "NO", "NO", "YES", "YES", "YES"]],
  ["no libcriu", { libcriu: null }, ["YES", "NO", "YES", "YES", "YES", "YES"]],
  [
    "no soft-dirty bits",
    { features: { ...ALL, memTrack: false }, libcriuFeatures: { ...ALL, memTrack: false }, memDirtyTrack: false },
    ["PARTLY", "PARTLY", "YES", "YES", "YES", "PARTLY"],
  ],
  [
    "no userfaultfd",
    { features: { ...ALL, lazyPages: false }, libcriuFeatures: { ...ALL, lazyPages: false }, uffdNoncoop: false },
    ["PARTLY", "YES", "YES", "YES", "YES", "PARTLY"],
  ],
  ["the first line of --version is another", { versionLine: "Warn  (x)" }, ["YES", "YES", "YES", "YES", "YES", "NO"]],
];

function both(major: number, minor: number): Partial<Known> {
  const one = version(major, minor);
  return { version: one, libcriuVersion: one, versionLine: `Version: ${major}.${minor}` };
}

for (const [what, change, expected] of ROWS) {
  Deno.test(`engines conclude where ${what}`, () => assert.deepEqual(answers(change), expected));
}

Deno.test("podman takes memory tracking for there whenever the call succeeds", () => {
  const without = {
    features: { ...ALL, memTrack: false },
    probed: { ...WELL.probed, memTrack: "UNSUPPORTED" },
  } as const;
  assert.match(words(without, "podman"), /go-criu's FeatureCheck returns its caller's own request/);
  assert.match(words(without, "podman"), /cready's probe says not supported/);
  assert.doesNotMatch(words({}, "podman"), /go-criu's FeatureCheck/);
  assert.match(words({ features: null }, "podman"), /does not support memory tracking/);
  assert.match(words(without, "runc"), /criu is missing features: \[MemTrack\]/);
});

Deno.test("engines that look at the version alone are misled by a criu that does not start", () => {
  const all = concluded({ features: null, libcriuFeatures: null, starts: false });
  for (const { engine, answer, misled } of all) {
    assert.equal(misled.some((one) => one.includes("criu ends in its start-up")), answer !== "NO", engine);
  }
  assert(concluded({}).every(({ misled }) => misled.length === 0));
});

Deno.test("an engine's own words for too old a criu are its own", () => {
  assert.match(
    words(both(3, 9), "podman"),
    /"checkpoint\/restore requires at least CRIU 31100, current version is 30900"/,
  );
  assert.match(
    words(both(3, 9), "containerd"),
    /"checkpoint\/restore requires at least CRIU 31600, current version is 30900"/,
  );
  assert.match(words(both(2, 0), "runc"), /"CRIU version 20000 must be 30000 or higher"/);
  assert.match(words(both(3, 9), "crun"), /"libcriu is too old"/);
});

Deno.test("whether an engine is here is asked by its program's name", () => {
  const asked: string[] = [];
  const all = conclusions(WELL, (program) => {
    asked.push(program);
    return program === "crio";
  });
  assert.deepEqual(asked, ["runc", "crun", "podman", "crio", "containerd", "lxc-checkpoint"]);
  assert.deepEqual(all.map(({ installed }) => installed), NAMES.map((name) => name === "CRI-O"));
});
