/**
 * The comparison of processors on models that qemu plays: in each guest the real criu dumps its cpuinfo.img and checks
 * all the images of tests/testdata/cpuinfo in all its modes; cready's report of the same guest must lead to the same.
 */
import { Buffer } from "node:buffer";
import assert from "node:assert/strict";
import { vectorOf } from "../../fleet/vector.ts";
import { readReport } from "../../fleet/read.ts";
import { readCpuinfo } from "../../images/cpuinfo.ts";
import { CRIU_MODES, IMAGES, passes } from "../fleet/cpu_images.ts";

const root = new URL("../../", import.meta.url);
const results = new URL("dist/cpu/", root);

/** Intel from Nehalem to the newest that Debian's qemu plays, AMD from the first Opterons on, and Hygon. */
const MODELS = [
  "Nehalem",
  "SandyBridge",
  "Haswell",
  "Skylake-Server",
  "Icelake-Server",
  "Opteron_G3",
  "EPYC-Milan",
  "Dhyana",
];
/** Its modules are loaded on demand: criu's start-up needs some. */
const KERNEL = "6.12", VARIANT = "auto";
/** One for each core of a small machine. */
const GUESTS_AT_ONCE = 2;

const kernels = (words: readonly string[], env: Record<string, string> = {}) =>
  new Deno.Command(new URL("scripts/kernels", root), { args: [...words], env, stdin: "null" }).output();

/** What the guest's shell runs first: it has the images from there. */
const before = [...IMAGES].map(([name, bytes]) =>
  `mkdir -p /images/${name}; echo ${Buffer.from(bytes).toString("base64")} | base64 -d >/images/${name}/cpuinfo.img`
).join("\n");

async function boot(model: string): Promise<void> {
  const job = new URL("scripts/kernels.d/jobs/cpu", root).pathname;
  const out = new URL(model, results).pathname;
  const { success, stderr } = await kernels(
    ["run", KERNEL, VARIANT, job, "--out", out, "--before", before],
    { CREADY_VM_CPU: model },
  );
  if (!success) console.error(`${model}: ${new TextDecoder().decode(stderr)}`);
}

// CREADY_KERNELS_DONE=1 judges the runs that are there.
if (!Deno.env.get("CREADY_KERNELS_DONE")) {
  const fetched = await kernels(["fetch"]);
  if (!fetched.success) throw new Error(`Cannot fetch the kernels: ${new TextDecoder().decode(fetched.stderr)}`);
  const waiting = [...MODELS];
  const worker = async () => {
    for (let model; (model = waiting.shift()) !== undefined;) await boot(model);
  };
  await Promise.all(Array.from({ length: GUESTS_AT_ONCE }, worker));
}

const bytes = (model: string, path: string) =>
  Deno.readFileSync(new URL(`${model}/${KERNEL}-${VARIANT}/${path}`, results));
const text = (model: string, path: string) => new TextDecoder().decode(bytes(model, path)).trim();

for (const model of MODELS) {
  Deno.test(`${model}: cpuinfo.img has the bytes of criu's`, () => {
    assert.equal(text(model, "criu/dump.rc"), "0", text(model, "criu/dump.err"));
    assert.equal(text(model, "cready/dump.rc"), "0", text(model, "cready/dump.err"));
    assert.deepEqual(bytes(model, "cready/cpuinfo.img"), bytes(model, "criu/cpuinfo.img"));
  });

  Deno.test(`${model}: every image gets criu's verdict in every mode`, () => {
    const report = readReport(model, bytes(model, "report.out"));
    assert.equal(report.cpu?.source, "CPUID_INSTRUCTION");
    const target = vectorOf(report.cpu);
    for (const [name, image] of IMAGES) {
      for (const cap of Object.keys(CRIU_MODES)) {
        // These two are what others come to, and each call costs the guest a quarter of a second.
        if (cap === "fpu" || cap === "cpu") continue;
        const code = text(model, `check/${name}/${cap}.rc`);
        assert.match(code, /^[01]$/, `${name}, ${cap}: ${text(model, `check/${name}/${cap}.err`)}`);
        assert.equal(
          passes(readCpuinfo(name, image), target, cap),
          code === "0",
          `${name}, ${cap}: criu ends with ${code}`,
        );
      }
    }
  });
}

Deno.test("the models differ, and some images pass and some do not", () => {
  const ids = MODELS.map((model) => readReport(model, bytes(model, "report.out")).cpu?.compatId);
  assert.equal(new Set(ids).size, MODELS.length, ids.join(" "));
  for (const mode of ["none,fpu", "none,ins", "default"]) {
    const codes = MODELS.flatMap((model) => [...IMAGES.keys()].map((name) => text(model, `check/${name}/${mode}.rc`)));
    for (const code of ["0", "1"]) assert(codes.filter((one) => one === code).length >= 5, `${mode}: ${codes}`);
  }
});
