/** CRIU's own client libraries ask cready, by swrk and on its socket; each answer is held against the same kernel. */
import assert from "node:assert/strict";
import { BINARY, publicCopy, ROOT, run } from "../cli/binary.ts";
import { CLIENTS, CRIU, CRIU_3_17, pathWith, TRUTH, WITHOUT_CRIU } from "./machine.ts";
import { Service } from "./service.ts";

type Answer = Record<string, unknown>;

const { check, ...FEATURES } = TRUTH;
const WITH_CRIU = pathWith(CRIU);
const PYTHON = { PYTHONPATH: `${CLIENTS}/python`, PROTOCOL_BUFFERS_PYTHON_IMPLEMENTATION: "python" };
const ARGV: Readonly<Record<string, string[]>> = {
  go7: [`${CLIENTS}/go7`],
  go8: [`${CLIENTS}/go8`],
  libcriu: [`${CLIENTS}/libcriu`],
  pycriu: ["/usr/bin/python3", `${CLIENTS}/python/client.py`],
};

async function asked(
  client: string,
  how: "swrk" | "service",
  where: string,
  what: string,
  path: string,
): Promise<Answer> {
  const { code, stdout, stderr } = await run([...ARGV[client]!, how, where, what], { env: { PATH: path, ...PYTHON } });
  assert.equal(code, 0, stderr);
  // The real criu writes its verdict to the stdout that it shares with the client.
  return JSON.parse(stdout.trim().split("\n").at(-1)!);
}

/** Asks the client in both ways. */
function both(
  client: string,
  what: string,
  criu: boolean,
  holds: (answer: Answer, how: string) => void | Promise<void>,
): void {
  const path = criu ? WITH_CRIU : WITHOUT_CRIU;
  Deno.test(`${client} asks cready swrk for ${what}, ${criu ? "with" : "without"} a criu`, async () => {
    await holds(await asked(client, "swrk", BINARY, what, path), "swrk");
  });
  Deno.test(`${client} asks cready service for ${what}, ${criu ? "with" : "without"} a criu`, async () => {
    await using service = await Service.start({ env: { PATH: path } });
    await holds(await asked(client, "service", service.path, what, path), "service");
    await service.until("it is told of", () => service.log.some(({ event }) => event === "answered"));
  });
}

const EXPLAINED = /cready knows no criu version: there is no criu in PATH/;
const REFUSED = /cready only checks: .* not DUMP; ask criu itself/;
const EBADE = -52;

for (const client of ["go7", "go8"]) {
  both(client, "version", true, async (answer, how) => {
    const real = await asked(client, "swrk", CRIU, "version", WITH_CRIU);
    assert(Number(real.number) >= 40200);
    if (how === "swrk") assert.deepEqual(answer, real);
    else {
      const { major, minor, sublevel } = answer.version as Record<string, number>;
      assert.equal(major! * 10000 + minor! * 100 + sublevel!, real.number);
    }
  });
  both(client, "version", false, (answer, how) => {
    if (how === "swrk") assert.match(String(answer.error), EXPLAINED);
    else {
      assert.deepEqual([answer.success, answer.errno, answer.version], [false, 2, undefined]);
      assert.match(String(answer.message), EXPLAINED);
    }
  });
  both(client, "features", false, (answer, how) => {
    // go-criu gives back what it was called with, whatever was answered; the answer itself is right.
    if (how === "swrk") assert.deepEqual(answer, { mem_track: true, lazy_pages: true, pidfd_store: true });
    else assert.deepEqual([answer.type, answer.success, answer.features], ["FEATURE_CHECK", true, FEATURES]);
  });
  both(client, "dump", true, (answer, how) => {
    assert.match(String(how === "swrk" ? answer.error : answer.message), REFUSED);
    if (how === "swrk") assert.match(String(answer.error), /err:95/);
    else assert.deepEqual([answer.type, answer.success, answer.errno], ["DUMP", false, 95]);
  });
  Deno.test(`${client} compares the version that cready tells`, async () => {
    assert.deepEqual(await asked(client, "swrk", BINARY, "atleast", WITH_CRIU), { atleast: true });
    assert.match(String((await asked(client, "swrk", BINARY, "atleast", WITHOUT_CRIU)).error), EXPLAINED);
  });
  Deno.test(`${client} asks cready service for a check`, async () => {
    await using service = await Service.start();
    const answer = await asked(client, "service", service.path, "check", WITHOUT_CRIU);
    assert.deepEqual([answer.type, answer.success], ["CHECK", check]);
  });
}

both("libcriu", "version", true, async (answer) => {
  assert.deepEqual(answer, await asked("libcriu", "swrk", CRIU, "version", WITH_CRIU));
});
both("libcriu", "version", false, (answer) => assert.deepEqual(answer, { result: EBADE, errno: 2 }));
both("libcriu", "atleast", true, (answer) => assert.deepEqual(answer, { result: 1, errno: 0 }));
both("libcriu", "atleast", false, (answer) => assert.deepEqual(answer, { result: EBADE, errno: 2 }));
both("libcriu", "features", true, async (answer) => {
  assert.deepEqual(answer, FEATURES);
  // Nothing that criu says otherwise of is among the three where it runs as root.
  assert.deepEqual(answer, await asked("libcriu", "swrk", CRIU, "features", WITH_CRIU));
});
both("libcriu", "check", true, async (answer) => {
  assert.deepEqual(answer, check ? { result: 0, errno: 0 } : { result: EBADE, errno: 0 });
  assert.deepEqual(answer.result, (await asked("libcriu", "swrk", CRIU, "check", WITH_CRIU)).result);
});
both("libcriu", "dump", true, (answer) => assert.deepEqual(answer, { result: EBADE, errno: 95 }));

both("pycriu", "check", false, async (answer) => {
  assert.equal(answer.result, check ? true : undefined);
  assert.equal(answer.result, (await asked("pycriu", "swrk", CRIU, "check", WITH_CRIU)).result);
});
both("pycriu", "dump", false, (answer) => assert.equal(answer.errno, 95));
for (const [what, path] of [["version", WITH_CRIU], ["version", WITHOUT_CRIU], ["features", WITHOUT_CRIU]] as const) {
  Deno.test(`pycriu's messages ask cready service for ${what}, ${path === WITH_CRIU ? "with" : "without"} a criu`, async () => {
    await using service = await Service.start({ env: { PATH: path } });
    const answer = await asked("pycriu", "service", service.path, what, path);
    if (what === "features") assert.deepEqual([answer.success, answer.features], [true, FEATURES]);
    else if (path === WITHOUT_CRIU) assert.match(String(answer.message), EXPLAINED);
    else assert.equal((answer.version as Record<string, number>).major, 4);
  });
}

Deno.test("libcriu is told by name what fails, through the log; its caller gets success=false", async () => {
  const nobody = [
    "setpriv",
    "--reuid=65534",
    "--regid=65534",
    "--clear-groups",
    "--bounding-set=-all",
    "--inh-caps=-all",
  ];
  const program = await publicCopy();
  await using service = await Service.start({ words: ["--mode", "0666"], through: nobody, program });
  assert.deepEqual(await asked("libcriu", "service", service.path, "check", WITHOUT_CRIU), { result: EBADE, errno: 0 });
  await service.until("it is told of", () => service.log.some(({ request }) => request === "CHECK"));
  assert.match(service.log.find(({ request }) => request === "CHECK")!.message!, /^\w+: \S+/);
});

/** The examples of docs/rpc.md, with this service's socket in place of the default one. */
const DOC = Deno.readTextFileSync(`${ROOT}/docs/rpc.md`);
const example = (language: string, socket: string) => {
  const text = new RegExp(`\\n\`\`\`${language}\\n(.*?)\`\`\`\\n`, "s").exec(DOC)?.[1];
  assert(text && text.includes("/run/cready/criu.sock"));
  return text.replaceAll("/run/cready/criu.sock", socket);
};

Deno.test("the C example of docs/rpc.md compiles and tells the truth", async () => {
  await using service = await Service.start();
  const folder = Deno.makeTempDirSync({ prefix: "cready-example-" });
  try {
    Deno.writeTextFileSync(`${folder}/example.c`, example("c", service.path));
    const headers = CRIU_3_17.replace(/criu$/, "usr/include");
    const libraries = [`${CLIENTS}/lib/libcriu.so.2`, `${CLIENTS}/lib/libprotobuf-c.so.1`];
    const rpath = `-Wl,--disable-new-dtags,-rpath,${CLIENTS}/lib`;
    const words = ["-Wall", "-Werror", `-I${headers}`, `-I${CLIENTS}/include`, "-o", `${folder}/example`];
    const compiled = await run(["gcc", ...words, `${folder}/example.c`, ...libraries, rpath]);
    assert.equal(compiled.code, 0, compiled.stderr);
    assert.equal((await run([`${folder}/example`])).stdout, check ? "ready\n" : "not ready\n");
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
});

Deno.test("the Python example of docs/rpc.md tells the truth", async () => {
  await using service = await Service.start();
  const { stdout, stderr } = await run(["/usr/bin/python3", "-c", example("python", service.path)], { env: PYTHON });
  assert.equal(stdout, check ? "ready\n" : "not ready\n", stderr);
});
