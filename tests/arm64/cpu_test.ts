/**
 * The processors of arm64 that qemu plays: what cready reports of each is what the guest's kernel says, and any two compare as
 * their kernels' lists let expect.
 */
import assert from "node:assert/strict";
import { compareMachines } from "../../fleet/compare.ts";
import { readReport } from "../../fleet/read.ts";
import { at, atOnce, kernels, ready } from "./guests.ts";

const KERNEL = "6.12", VARIANT = "auto";

/** A processor for qemu, and what is known of it apart from what its guest says. */
interface Model {
  readonly cpu: string;
  /** MIDR_EL1's implementer and part; null where it is none of a real processor. */
  readonly core: string | null;
  readonly sveLengths: readonly number[];
  /** How it signs addresses. */
  readonly signs: "QARMA5" | "IMPLEMENTATION_DEFINED" | null;
}

const MODELS: Readonly<Record<string, Model>> = {
  "cortex-a57": { cpu: "cortex-a57", core: "0x41/0xd07", sveLengths: [], signs: null },
  "cortex-a72": { cpu: "cortex-a72", core: "0x41/0xd08", sveLengths: [], signs: null },
  "neoverse-n1": { cpu: "neoverse-n1", core: "0x41/0xd0c", sveLengths: [], signs: null },
  "max-256": {
    cpu: "max,pauth-impdef=on,sve-max-vq=2",
    core: null,
    sveLengths: [16, 32],
    signs: "IMPLEMENTATION_DEFINED",
  },
  "max-512": {
    cpu: "max,pauth-impdef=on,sve512=on,sve384=off,sme=off",
    core: null,
    sveLengths: [16, 32, 64],
    signs: "IMPLEMENTATION_DEFINED",
  },
  // Emulating the algorithm of the architecture is what costs most, so it has nothing else.
  "max-qarma": { cpu: "max,sve=off,sme=off", core: null, sveLengths: [], signs: "QARMA5" },
};
const NAMES = Object.keys(MODELS);
/** What a program can do without, as cready sees it: these do not block. */
const HINTS = ["evtstrm", "dgh", "bti"];

if (!Deno.env.get("CREADY_KERNELS_DONE")) {
  await ready();
  const job = at("scripts/kernels.d/jobs/arm64-cpu");
  await atOnce(
    NAMES,
    (name) =>
      kernels(["run", KERNEL, VARIANT, job, "--out", at(`dist/cpu-arm64/${name}`)], {
        CREADY_VM_CPU: MODELS[name]!.cpu,
      }),
  );
}

const path = (name: string, file: string) => at(`dist/cpu-arm64/${name}/${KERNEL}-${VARIANT}/${file}`);
const text = (name: string, file: string) => Deno.readTextFileSync(path(name, file)).trim();
const reportOf = (name: string) => readReport(name, Deno.readFileSync(path(name, "report.out")));
const featuresOf = (name: string) => /^Features\s*: (.*)$/m.exec(text(name, "facts/cpuinfo"))![1]!.trim().split(" ");

for (const name of NAMES) {
  Deno.test(`${name}: the report says what the guest's kernel does`, () => {
    assert.equal(text(name, "report.rc"), "0", text(name, "report.err"));
    const report = reportOf(name);
    const { core, sveLengths, signs } = MODELS[name]!;
    assert.equal(report.architecture, "aarch64");
    assert.equal(report.cpu, null);
    const cpu = report.armCpu!;
    assert.deepEqual(cpu.instructions, featuresOf(name));
    assert.match(cpu.compatId ?? "", /^[0-9a-f]{12}$/);
    assert.deepEqual(cpu.sveVectorLengths, sveLengths);
    const inUse = sveLengths.length > 0 ? Number(text(name, "facts/sve")) : null;
    assert.equal(cpu.sveDefaultVectorLength, inUse);
    if (inUse !== null) assert(sveLengths.includes(inUse), `${inUse}`);
    if (cpu.instructions.includes("sme")) {
      assert.equal(cpu.smeDefaultVectorLength, Number(text(name, "facts/sme")));
      assert(cpu.smeVectorLengths!.includes(cpu.smeDefaultVectorLength!), `${cpu.smeVectorLengths}`);
    } else assert.deepEqual([cpu.smeVectorLengths, cpu.smeDefaultVectorLength], [[], null]);
    assert.equal(cpu.pointerAuthentication!.address?.split("/")[0] ?? null, signs);
    assert.equal(cpu.pointerAuthentication!.mask !== null, signs !== null);
    if (core !== null) assert.deepEqual(cpu.cores.map(({ implementer, part }) => `${implementer}/${part}`), [core]);
    assert.equal(cpu.addressBits, 48);
  });

  Deno.test(`${name}: criu compares no processors, and a dump is good for where it was made`, () => {
    // -ENOTSUP as an exit code.
    for (const one of ["criu/dump", "criu/check"]) assert.equal(text(name, `${one}.rc`), `${256 - 95}`, one);
    assert.equal(text(name, "dump.rc"), "0", text(name, "dump/dump.log").slice(-2000));
    const { verdict, items } = JSON.parse(text(name, "images.out"));
    const untold = MODELS[name]!.sveLengths.length > 0 || MODELS[name]!.signs !== null;
    assert.equal(verdict, untold ? "RISK" : "GOOD", JSON.stringify(items));
    assert.equal(text(name, "images.rc"), untold ? "3" : "0");
  });
}

Deno.test("two processors compare as their kernels' lists let expect", () => {
  for (const source of NAMES) {
    for (const target of NAMES) {
      const { items } = compareMachines(reportOf(source), reportOf(target), "safe");
      const blocks = items.filter(({ severity }) => severity === "blocks").map(({ id }) => id);
      const lost = featuresOf(source).filter((one) => !featuresOf(target).includes(one) && !HINTS.includes(one));
      for (const one of lost) assert(blocks.includes(`cpu.${one}`), `${source} to ${target}: ${one} of ${blocks}`);
      const [a, b] = [MODELS[source]!, MODELS[target]!];
      const others = blocks.filter((id) => !lost.includes(id.replace("cpu.", "")));
      const expected = [];
      if (a.sveLengths.length > 0 && b.sveLengths.length > 0 && source !== target) {
        expected.push("cpu.sve-vector-length");
      }
      if (a.signs === null && b.signs !== null) expected.push("cpu.paca");
      if (a.signs !== null && b.signs !== null && a.signs !== b.signs) expected.push("cpu.pac-algorithm");
      assert.deepEqual(others, expected, `${source} to ${target}`);
      if (source === target) assert.deepEqual(blocks, []);
    }
  }
  const ids = NAMES.map((name) => reportOf(name).armCpu!.compatId);
  // The first two differ in nothing that a program may use.
  assert.equal(new Set(ids).size, NAMES.length - 1, ids.join(" "));
  assert.equal(ids[0], ids[1]);
});

Deno.test("the other architecture: one sentence, from reports and from images", async () => {
  const cready = at("dist/cready");
  const run = async (...args: string[]) => {
    const { code, stdout, stderr } = await new Deno.Command(cready, { args, stdin: "null" }).output();
    return { code, stdout: new TextDecoder().decode(stdout), stderr: new TextDecoder().decode(stderr) };
  };
  const [name] = NAMES;
  const report = await run("compare", path(name!, "report.out"), "--json");
  assert.equal(report.code, 1, report.stderr);
  const { items } = JSON.parse(report.stdout);
  assert.deepEqual(items.map(({ id, severity }: { id: string; severity: string }) => [id, severity]), [
    ["architecture", "blocks"],
  ]);
  const images = await run("compare", "--images", path(name!, "dump"), "--json");
  assert.equal(images.code, 1, images.stderr);
  const blocking = JSON.parse(images.stdout).items.filter(({ severity }: { severity: string }) =>
    severity === "blocks"
  );
  assert.equal(blocking[0].id, "architecture", images.stdout);
});
