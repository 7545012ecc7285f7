import assert from "node:assert/strict";
import { TimeoutError } from "../../ffi/errno.ts";
import { type Answer, blocked, type Probe, supported } from "../../probes/probe.ts";
import { Runner } from "../../probes/run.ts";
import { fakeLibc, type FakeMachine, NOBODY_STATUS } from "./fake_libc.ts";
import { findingOf } from "./finding.ts";

const REFUSED: Answer = blocked("no", { cause: "DEVICE", why: "gone", text: "bring it", command: null });

/** A probe with one known fault of criu that does what it is told. */
function probe(run: Probe["run"], fault: Partial<Probe["criuFaults"][number]> = {}): Probe {
  const criuFaults = [{
    when: ["BLOCKED"] as const,
    says: "SUPPORTED" as const,
    why: "it is blind",
    reproduce: "x",
    ...fault,
  }];
  return { ...findingOf("SUPPORTED").feature, criuFaults, absentOn: [], run };
}

const CASES: readonly (readonly [string, Partial<Probe["criuFaults"][number]>, FakeMachine, boolean, boolean])[] = [
  ["where the verdict is the one of a fault", {}, {}, false, true],
  ["not for another verdict", { when: ["UNSUPPORTED"] }, {}, false, false],
  ["not where the fault does not apply", { applies: () => false }, {}, false, false],
  ["in a category, for a fault of the category", { onlyInCategory: true }, {}, false, true],
  ["not with --feature, for a fault of the category", { onlyInCategory: true }, {}, true, false],
  ["not where criu would not start", {}, { files: { "/proc/self/status": NOBODY_STATUS } }, false, false],
];

for (const [name, fault, machine, named, expected] of CASES) {
  Deno.test(`a finding says that criu differs ${name}`, () => {
    const finding = new Runner(fakeLibc(machine)).probe(probe(() => REFUSED, fault), Infinity, named);
    assert.equal(finding.criuDiffers !== null, expected);
  });
}

Deno.test("nothing is asked after the time is over", () => {
  const asked = probe(() => assert.fail("asked"), { when: ["INCONCLUSIVE"] });
  const finding = new Runner(fakeLibc()).probe(asked, 0);
  assert.equal(finding.verdict, "INCONCLUSIVE");
  assert.match(finding.reason ?? "", /--timeout/);
  assert.equal(finding.criuDiffers, null, "nothing was seen by which criu could be judged");
  assert.match(finding.remedies[0]!.text, /more time/);
});

Deno.test("a fault of one probe is told and ends nothing", () => {
  const finding = new Runner(fakeLibc()).probe(probe(() => {
    throw new TypeError("x is not a function");
  }));
  assert.equal(finding.verdict, "INCONCLUSIVE");
  assert.match(finding.reason ?? "", /cready itself failed: x is not a function/);
});

Deno.test("children are killed at once and taken away at the end", () => {
  const libc = fakeLibc();
  const runner = new Runner(libc);
  runner.probe(probe(({ subject }) => {
    using _child = subject();
    return supported();
  }));
  assert.equal(runner.sys.dying.size, 1);
  assert.equal(libc.children.size, 1);
  runner[Symbol.dispose]();
  assert.equal(libc.children.size, 0);
  assert.equal(runner.sys.dying.size, 0);
});

Deno.test("at the limit of tasks those that were killed are taken away before another is made", () => {
  let limit = true;
  const libc = fakeLibc();
  const cloneSleeper = (flags: number) => {
    if (libc.children.size > 0 && limit) {
      limit = false;
      return -11; // EAGAIN
    }
    return libc.cloneSleeper(flags);
  };
  const runner = new Runner({ ...libc, cloneSleeper });
  const child = probe(({ subject }) => {
    using _child = subject();
    return supported();
  });
  assert.equal(runner.probe(child).verdict, "SUPPORTED");
  assert.equal(runner.probe(child).verdict, "SUPPORTED");
  assert.equal(limit, false);
  runner[Symbol.dispose]();
  assert.equal(libc.children.size, 0);
});

for (
  const [name, autoloads, timeouts, verdict] of [
    ["is asked again where a module may have been loaded meanwhile", ["veth"], 2, "SUPPORTED"],
    ["is asked four times at most", ["veth"], 9, "INCONCLUSIVE"],
    ["is asked once where no module is loaded", [], 1, "INCONCLUSIVE"],
  ] as const
) {
  Deno.test(`a probe that had no answer in time ${name}`, () => {
    let left: number = timeouts, asked = 0;
    const slow = probe(() => {
      asked++;
      if (left-- > 0) throw new TimeoutError("mount() in a child", 2000);
      return supported();
    });
    assert.equal(new Runner(fakeLibc()).probe({ ...slow, autoloads }).verdict, verdict);
    assert(asked <= 4);
  });
}

Deno.test("what takes the kernel long is begun before, ended at last, and decides nothing", () => {
  const order: string[] = [];
  const say = (word: string) => ({ [Symbol.dispose]: () => void order.push(`${word} ended`) });
  const [first, second, third] = ["first", "second", "third"].map((word): Probe => ({
    ...probe(() => (order.push(`${word} asked`), supported())),
    prepare() {
      order.push(`${word} begun`);
      if (word === "second") throw new TimeoutError("a child", 2000);
      return say(word);
    },
  })) as [Probe, Probe, Probe];
  const runner = new Runner(fakeLibc());
  runner.prepare([second, third]);
  for (const one of [first, second, third]) assert.equal(runner.probe(one).verdict, "SUPPORTED");
  runner[Symbol.dispose]();
  const asked = ["first asked", "second asked", "third asked"];
  assert.deepEqual(order, ["second begun", "third begun", ...asked, "third ended"]);
});

Deno.test("at the limit of tasks what was begun to save time is given up", () => {
  const libc = fakeLibc();
  const one = (flags: number) => libc.children.size > 0 ? -11 : libc.cloneSleeper(flags); // EAGAIN
  const runner = new Runner({ ...libc, cloneSleeper: one });
  const child = probe(({ subject }) => {
    using _child = subject();
    return supported();
  });
  runner.prepare([child, { ...child, prepare: ({ subject }) => subject() }]);
  assert.equal(libc.children.size, 1);
  assert.equal(runner.probe(child).verdict, "SUPPORTED");
  runner[Symbol.dispose]();
  assert.equal(libc.children.size, 0);
});

Deno.test("nothing is begun by whom a limit of tasks binds", () => {
  for (const status of [NOBODY_STATUS, "!EMFILE"]) {
    const runner = new Runner(fakeLibc({ files: { "/proc/self/status": status } }));
    const one = probe(() => supported());
    let begun = 0;
    runner.prepare([one, { ...one, prepare: () => (begun++, { [Symbol.dispose]() {} }) }]);
    assert.equal(begun, 0);
  }
});
