/** Clients written in Python: gql asks, schemathesis makes up what nobody would ask. */
import assert from "node:assert/strict";
import { ROOT, run } from "../cli/binary.ts";
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

Deno.test("schemathesis finds no answer that is the server's own fault", async () => {
  const venv = await python();
  await using server = await start({ tcp: true });
  const folder = await Deno.makeTempDir();
  try {
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
    ], { cwd: folder, env: { ...env, HOME: folder } });
    assert.equal(code, 0, stdout + stderr);
    const own = server.log().filter(({ status }) => typeof status === "number" && status >= 500);
    assert.deepEqual(own, []);
    assert.ok(server.log().length > 100, `only ${server.log().length} requests were made`);
    await answers(server);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
