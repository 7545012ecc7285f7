/** A run that is interrupted leaves nothing behind, and one that is held up for a while goes on. */
import assert from "node:assert/strict";
import { BINARY, eventually, processesWith, type Result, spawn, type Start } from "./binary.ts";
import { assertOrderly, lines } from "./expect.ts";

/** Each of these makes and traces a child; so there nearly always is one. */
const NAME = "seccomp_filters";
/** A run of a minute, and one whose answers are more than any pipe holds: it does not end while nobody reads them. */
const [LONG, SHORT] = [8000, 1000];

/** The words that ask so often; each answer is a line on stdout as soon as it is known, whatever it is. */
const asking = (
  times: number,
) => ["check", "--ndjson", "--feature", Array.from({ length: times }, () => NAME).join(",")];

/** All was answered as if nothing had happened. */
function assertAnswered(result: Result, times: number): void {
  assertOrderly(result);
  const verdicts = lines(result.stdout).map((line) => JSON.parse(line).verdict);
  assert.equal(verdicts.length, times);
  assert.equal(result.code, verdicts.every((one) => one === "SUPPORTED") ? 0 : 1);
}

/** The children's time to end by themselves when nobody took hold of them, and some more for a loaded machine. */
const GONE_SECONDS = 6 + 10;

/** Starts a run and waits until it is in the middle: an answer was given. The others are read at the end. */
async function inTheMiddle(times: number, start: Start = {}) {
  const marker = crypto.randomUUID();
  const argv = [...(start.through ?? []), BINARY, ...asking(times)];
  const child = spawn(argv, marker, start);
  const stderr = new Response(child.stderr).text();
  const reader = child.stdout.getReader();
  const decoder = new TextDecoder();
  const first = await reader.read();
  assert.equal(first.done, false, "it ended before its first answer");
  return {
    child,
    marker,
    end: async () => {
      let stdout = decoder.decode(first.value, { stream: true });
      for (let part; !(part = await reader.read()).done;) stdout += decoder.decode(part.value, { stream: true });
      const { code, signal } = await child.status;
      return { code, signal, stdout, stderr: await stderr } satisfies Result;
    },
  };
}

Deno.test("signals: killed in the middle, it ends as that signal does, and so do its children", async (test) => {
  const runs: { marker: string; result: Promise<Result> }[] = [];
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT", "SIGKILL"] as const) {
    await test.step({
      name: signal,
      // What it printed is read at the end: a child that nobody holds yet keeps the pipe open for its five seconds.
      sanitizeOps: false,
      sanitizeResources: false,
      fn: async () => {
        // More than once: the moment at which a child is not yet held is short.
        for (let round = 0; round < 3; round++) {
          const { child, marker, end } = await inTheMiddle(LONG);
          runs.push({ marker, result: end() });
          child.kill(signal);
          assert.equal((await child.status).signal, signal);
        }
      },
    });
  }
  await eventually(
    "no child is left",
    () => runs.every(({ marker }) => processesWith(marker).length === 0),
    GONE_SECONDS,
  );
  for (const { stdout, stderr } of await Promise.all(runs.map(({ result }) => result))) {
    assert.doesNotMatch(stdout + stderr, /panicked|Uncaught|^ +at /m);
  }
});

Deno.test("signals: a shell shows 130 after SIGINT", async () => {
  const marker = crypto.randomUUID();
  const shell = spawn(["sh", "-c", '"$0" "$@"; echo "status $?"', BINARY, ...asking(LONG)], marker);
  const stdout = new Response(shell.stdout).text();
  const stderr = new Response(shell.stderr).text();
  const tool = () => processesWith(marker).find(isTool);
  await eventually("the tool runs", () => tool() !== undefined);
  Deno.kill(tool()!, "SIGINT");
  await shell.status;
  assert.match(await stdout, /^status 130$/m);
  assert.equal(await stderr, "");
  await eventually("no child is left", () => processesWith(marker).length === 0, GONE_SECONDS);
});

Deno.test("signals: stopped for a while in the middle, it goes on to its answer", async () => {
  const { child, end } = await inTheMiddle(SHORT);
  const state = () => Deno.readTextFileSync(`/proc/${child.pid}/stat`).replace(/^.*\) /, "")[0];
  for (let round = 0; round < 3; round++) {
    child.kill("SIGSTOP");
    await eventually("it is stopped", () => ["T", "t", "Z"].includes(state()!));
    child.kill("SIGCONT");
    await eventually("it goes on", () => state() !== "T");
  }
  assertAnswered(await end(), SHORT);
});

Deno.test("signals: one that nobody knows about does no harm", async () => {
  const { child, end } = await inTheMiddle(SHORT);
  for (const signal of ["SIGCHLD", "SIGWINCH", "SIGURG", "SIGCONT"] as const) child.kill(signal);
  assertAnswered(await end(), SHORT);
});

Deno.test("signals: a reader that leaves in the middle ends it silently, with 1", async () => {
  const marker = crypto.randomUUID();
  const child = spawn([BINARY, ...asking(LONG)], marker);
  const reader = child.stdout.getReader();
  assert.equal((await reader.read()).done, false);
  await reader.cancel();
  const stderr = await new Response(child.stderr).text();
  const { code, signal } = await child.status;
  assertOrderly({ code, signal, stdout: "", stderr });
  assert.deepEqual([code, stderr], [1, ""]);
  await eventually("no child is left", () => processesWith(marker).length === 0, GONE_SECONDS);
});

Deno.test("signals: SIGCHLD ignored by whoever starts it does no harm", async () => {
  const through = ["/bin/sh", "-c", 'trap \'\' CHLD; exec "$0" "$@"'];
  const { end } = await inTheMiddle(2, { through });
  assertAnswered(await end(), 2);
});

Deno.test("signals: all of them blocked by whoever starts it does no harm", async () => {
  const block =
    "import os, signal, sys; signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals()); os.execv(sys.argv[1], sys.argv[1:])";
  const { end } = await inTheMiddle(2, { through: ["python3", "-c", block] });
  assertAnswered(await end(), 2);
});

/** Whether a process is the tool itself: the program, and no child of it. */
function isTool(pid: number): boolean {
  try {
    const parent = /^\d+ \(.*\) \S (\d+)/s.exec(Deno.readTextFileSync(`/proc/${pid}/stat`))![1]!;
    const program = (one: number | string) => Deno.readLinkSync(`/proc/${one}/exe`) === BINARY;
    return program(pid) && !program(parent);
  } catch {
    return false;
  }
}
