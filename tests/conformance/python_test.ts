/** Clients written in Python: gql asks, schemathesis makes up what nobody would ask. */
import assert from "node:assert/strict";
import { eventually, ROOT, run } from "../cli/binary.ts";
import { answers, start, TOKEN } from "../serve/server.ts";

const env = Deno.env.toObject();

/** The environment with the clients; made once, cached for the next time. */
async function python(): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(`${ROOT}/scripts/python_clients`, { stdin: "null" })
    .output();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
  return new TextDecoder().decode(stdout).trim();
}

for (const tcp of [false, true]) {
  Deno.test(`gql on ${tcp ? "TCP" : "the Unix socket"}`, async () => {
    const venv = await python();
    await using server = await start({ tcp });
    const where = "path" in server.where ? [`unix:${server.where.path}`] : [`http://${server.host}`, TOKEN];
    const { code, stdout, stderr } = await run([
      `${venv}/bin/python`,
      `${ROOT}/tests/conformance/clients.py`,
      ...where,
    ]);
    assert.equal(code, 0, stderr);
    const got = JSON.parse(stdout);
    assert.equal(got.query.feature.id, "sk_ns");
    assert.ok(got.events.length > 50);
    assert.deepEqual([...new Set(got.events)], ["Finding", "CheckReport"]);
    assert.equal(got.events.indexOf("CheckReport"), got.events.length - 1);
    assert.equal(got.code, "BAD_USER_INPUT");
    assert.equal(got.sync.host.kernel, Deno.osRelease());
  });
}

/** What is asked of the machine's processes; without --processes each of it is refused, with data beside the error. */
const PROCESSES = "^Query\\.process";

Deno.test("schemathesis finds no answer that is the server's own fault", async (t) => {
  const venv = await python();
  const folder = await Deno.makeTempDir();
  await using server = await start({ tcp: true });
  const made = async (...words: string[]) => {
    const before = server.log().length;
    const { code, stdout, stderr } = await run([
      `${venv}/bin/st`,
      "run",
      `http://${server.host}/graphql`,
      "--header",
      `Authorization: Bearer ${TOKEN}`,
      "--checks=not_a_server_error",
      "--phases=fuzzing",
      "--max-examples=40",
      "--seed=1",
      "--generation-database=none",
      "--no-color",
      ...words,
    ], { cwd: folder, env: { ...env, HOME: folder } });
    await answers(server);
    await eventually("the log is written", () => server.log().length > before + 30);
    const own = server.log().filter(({ status }) => typeof status === "number" && status >= 500);
    assert.deepEqual(own, []);
    return { code, output: stdout + stderr };
  };
  try {
    await t.step("of the kernel", async () => {
      const { code, output } = await made("--exclude-name-regex", PROCESSES);
      assert.equal(code, 0, output);
    });
    await t.step("of processes", async () => {
      const { output } = await made("--include-name-regex", PROCESSES);
      // schemathesis takes an error beside data for the server's; here it may be this one, which is the caller's.
      const codes = [...output.matchAll(/"code":"([A-Z_]+)"/g)].map(([, code]) => code);
      assert.deepEqual(codes.filter((code) => code !== "PROCESSES_NOT_SERVED"), [], output);
    });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
