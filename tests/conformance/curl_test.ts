/** The curl lines of the documentation, run as they stand there. */
import assert from "node:assert/strict";
import { ROOT, run } from "../cli/binary.ts";
import { start } from "../serve/server.ts";

/** The indented lines between two marks. */
function linesOf(path: string, name: string): string[] {
  const text = Deno.readTextFileSync(`${ROOT}/${path}`);
  const part = text.split(`<!-- curl ${name} -->\n`)[1]?.split("<!-- /curl -->")[0];
  if (part === undefined) throw new Error(`${path} has no curl lines named ${name}`);
  return part.split("\n").filter((line) => line.trim() !== "").map((line) => line.trim());
}

async function curl(line: string, env: Readonly<Record<string, string>>): Promise<string> {
  const { code, stdout, stderr } = await run(["sh", "-c", line], { env });
  assert.deepEqual([code, stderr], [0, ""], line);
  return stdout;
}

for (const path of ["docs/serve.md", "README.md"]) {
  Deno.test(`${path}: curl on the Unix socket`, async (t) => {
    await using server = await start();
    for (const line of linesOf(path, "unix")) {
      await t.step(line.slice(0, 150), async () => {
        const answer = await curl(line, { SOCKET: `${server.folder}/s.sock` });
        assert.doesNotMatch(answer, /"errors"/);
        if (line.includes("event-stream")) {
          assert.match(answer, /event: next\ndata: .*"outcome"[^\n]*\n\nevent: complete\n/);
        } else assert.doesNotThrow(() => JSON.parse(answer), answer);
      });
    }
  });
}

Deno.test("docs/serve.md: curl on TCP", async (t) => {
  await using server = await start({ tcp: true });
  for (const line of linesOf("docs/serve.md", "tcp")) {
    await t.step(line.slice(0, 150), async () => {
      const answer = await curl(line, { ADDRESS: server.host, TOKEN_FILE: `${server.folder}/token` });
      assert.doesNotMatch(answer, /"errors"/);
      assert.doesNotThrow(() => JSON.parse(answer), answer);
    });
  }
});
