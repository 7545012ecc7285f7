import assert from "node:assert/strict";
import fc from "fast-check";
import { Ajv2020 } from "ajv/dist/2020.js";
import { ARM_BITS, ARM_WORDS } from "../../cpu/arm_bits.ts";
import {
  armBitNames,
  armCompatId,
  armCompatText,
  armCores,
  type ArmVector,
  hasArmNamed,
  signing,
} from "../../cpu/arm_vector.ts";
import { comparedArmCpu } from "../../fleet/arm_vector.ts";
import { compareArmCpus } from "../../fleet/compare_arm.ts";
import { CPU_MODES, type CpuMode } from "../../fleet/compare_cpu.ts";
import { compareMachines } from "../../fleet/compare.ts";
import { type MachineReport, reportSchema } from "../../fleet/document.ts";
import type { Severity } from "../../fleet/item.ts";
import { matrixOf } from "../../fleet/matrix.ts";
import { readReport } from "../../fleet/read.ts";
import { MACHINE, machine } from "./machine_report.ts";

type ArmCpu = NonNullable<MachineReport["armCpu"]>;

/** What a guest of qemu's `max` reported, and its kernel's own list. */
const MAX: ArmCpu = {
  hwcap: "0xfdffffff",
  hwcap2: "0x7f83ffff",
  hwcap3: "0x0",
  compatId: "0123456789ab",
  instructions: [],
  sveVectorLengths: [16, 32, 64, 128, 256],
  sveDefaultVectorLength: 64,
  smeVectorLengths: [16, 32],
  smeDefaultVectorLength: 32,
  pointerAuthentication: { address: "QARMA5/3", generic: "QARMA5/1", mask: "0x7f000000000000" },
  addressBits: 48,
  signalFrameSize: 10016,
  cores: [{ implementer: "0x41", part: "0xd0c", variant: "0x4", revision: "1", count: 4 }],
};
const FEATURES =
  "fp asimd evtstrm aes pmull sha1 sha2 crc32 atomics fphp asimdhp cpuid asimdrdm jscvt fcma lrcpc dcpop sha3 sm3 sm4 " +
  "asimddp sha512 sve asimdfhm dit ilrcpc flagm ssbs sb paca pacg dcpodp sve2 sveaes svepmull svebitperm svesha3 svesm4 " +
  "flagm2 frint svei8mm svef32mm svef64mm svebf16 i8mm bf16 dgh rng bti sme smei16i64 smef64f64 smei8i32 smef16f32 " +
  "smeb16f32 smef32f32 smefa64";

const arm = (changes: Partial<ArmCpu> = {}): MachineReport =>
  machine({ architecture: "aarch64", cpu: null, armCpu: { ...MAX, ...changes } });
const BASE = arm();
const vectorOf = (changes: Partial<ArmCpu> = {}): ArmVector => comparedArmCpu({ ...MAX, ...changes }).vector;
/** A report without the bit of that name. */
function without(name: string, more: Partial<ArmCpu> = {}): MachineReport {
  const bit = ARM_BITS.find((one) => one.name === name)!;
  const word = BigInt(MAX[bit.word]) & ~(1n << BigInt(bit.bit));
  return arm({ [bit.word]: `0x${word.toString(16)}`, ...more });
}

Deno.test("bits have the kernel's names, and no two the same", () => {
  assert.equal(armBitNames(vectorOf()).join(" "), FEATURES);
  assert.equal(new Set(ARM_BITS.map(({ name }) => name)).size, ARM_BITS.length);
  // The last one of each word that has a name, and one without.
  const at = (name: string) => ARM_BITS.find((one) => one.name === name);
  assert.deepEqual([at("smesmop4")!.bit, at("poe")!.bit, at("mte")!.bit, at("hwcap3.63")!.bit], [47, 63, 18, 63]);
});

Deno.test("how pointers are signed is read from the registers", () => {
  assert.deepEqual(signing(0n, 0n), { address: null, generic: null });
  assert.deepEqual(signing(0x0100_0030n, 0n), { address: "QARMA5/3", generic: "QARMA5/1" });
  assert.deepEqual(signing(0x1000_0100n, 0n), {
    address: "IMPLEMENTATION_DEFINED/1",
    generic: "IMPLEMENTATION_DEFINED/1",
  });
  assert.deepEqual(signing(0n, 0x5100n), { address: "QARMA3/5", generic: "QARMA3/1" });
});

Deno.test("cores are told apart by kind", () => {
  const core = (part: string, n: number) =>
    `processor\t: ${n}\nBogoMIPS\t: 48.00\nFeatures\t: fp asimd\nCPU implementer\t: 0x41\nCPU architecture: 8\nCPU variant\t: 0x0\nCPU part\t: ${part}\nCPU revision\t: 4\n`;
  const text = [core("0xd03", 0), core("0xd03", 1), core("0xd09", 2)].join("\n");
  const kind = { implementer: "0x41", variant: "0x0", revision: "4" };
  assert.deepEqual(armCores(text), [{ ...kind, part: "0xd03", count: 2 }, { ...kind, part: "0xd09", count: 1 }]);
  assert.deepEqual(armCores("processor\t: 0\nvendor_id\t: GenuineIntel\n"), []);
});

Deno.test("the id changes with all that decides, and is none where something is not known", async () => {
  const id = await armCompatId(vectorOf());
  assert.match(id!, /^[0-9a-f]{12}$/);
  const differ: Partial<ArmCpu>[] = [
    { hwcap: "0xfdfffffe" },
    { hwcap3: "0x1" },
    { sveVectorLengths: [16, 32] },
    { sveDefaultVectorLength: 32 },
    { smeVectorLengths: [16] },
    { pointerAuthentication: { ...MAX.pointerAuthentication!, address: "QARMA3/3" } },
    { pointerAuthentication: { ...MAX.pointerAuthentication!, mask: "0x7f0000000000" } },
  ];
  for (const one of differ) assert.notEqual(await armCompatId(vectorOf(one)), id, JSON.stringify(one));
  // evtstrm is a hint, and other cores of the same abilities are no matter where signing is the architecture's.
  const cores = [{ ...MAX.cores[0]!, part: "0xd40" }];
  assert.equal(await armCompatId(vectorOf({ hwcap: "0xfdfffffb", cores })), id);
  const own = { ...MAX.pointerAuthentication!, address: "IMPLEMENTATION_DEFINED/3" };
  assert.notEqual(
    armCompatText(vectorOf({ pointerAuthentication: own })),
    armCompatText(vectorOf({ pointerAuthentication: own, cores })),
  );
  for (const one of [{ sveVectorLengths: null }, { smeVectorLengths: null }, { pointerAuthentication: null }]) {
    assert.equal(await armCompatId(vectorOf(one)), null, JSON.stringify(one));
  }
});

/** What is compared, which item it gives, and how heavy it is. */
const ROWS: readonly (readonly [MachineReport, MachineReport, id: string, Severity, CpuMode?])[] = [
  [BASE, BASE, "cpu", "same"],
  [BASE, without("atomics"), "cpu.atomics", "blocks"],
  [BASE, without("mte"), "cpu", "same"],
  [arm({ hwcap2: "0x7f87ffff" }), BASE, "cpu.mte", "blocks"],
  [BASE, without("bti"), "cpu.bti", "risk"],
  [BASE, without("evtstrm"), "cpu.evtstrm", "advisory"],
  [arm({ hwcap3: "0x8000000000000000" }), BASE, "cpu.hwcap3.63", "blocks"],
  [BASE, without("sve", { sveVectorLengths: [], sveDefaultVectorLength: null }), "cpu.sve", "blocks"],
  [BASE, arm({ sveDefaultVectorLength: 32 }), "cpu.sve-vector-length", "blocks"],
  [BASE, arm({ sveDefaultVectorLength: null }), "cpu.sve-vector-length", "unknown"],
  [BASE, arm({ sveVectorLengths: [16, 32, 64] }), "cpu.sve-vector-lengths", "risk"],
  [BASE, arm({ sveVectorLengths: null }), "cpu.sve-vector-lengths", "unknown"],
  [arm({ sveVectorLengths: [16, 64] }), BASE, "cpu", "same"],
  [BASE, arm({ smeDefaultVectorLength: 16 }), "cpu.sme-vector-length", "blocks"],
  [BASE, without("paca"), "cpu.paca", "blocks"],
  [without("paca"), BASE, "cpu.paca", "blocks"],
  [BASE, without("pacg"), "cpu.pacg", "blocks"],
  [
    BASE,
    arm({ pointerAuthentication: { ...MAX.pointerAuthentication!, address: "QARMA3/3" } }),
    "cpu.pac-algorithm",
    "blocks",
  ],
  [BASE, arm({ pointerAuthentication: null }), "cpu.pac-algorithm", "unknown"],
  [BASE, arm({ addressBits: 39 }), "cpu.address-bits", "blocks"],
  [arm({ addressBits: 39 }), BASE, "cpu", "same"],
  [BASE, arm({ signalFrameSize: 20000 }), "cpu.signal-frame", "risk"],
  [BASE, arm({ cores: [{ ...MAX.cores[0]!, part: "0xd40" }] }), "cpu.model", "advisory"],
  [BASE, machine({ architecture: "aarch64", cpu: null, armCpu: null }), "cpu", "unknown"],
  // As criu, which compares nothing, but refuses to restore keys where there are none
  [BASE, without("atomics"), "cpu.atomics", "advisory", "criu-default"],
  [BASE, without("paca"), "cpu.paca", "blocks", "criu-default"],
  [BASE, arm({ sveDefaultVectorLength: 32 }), "cpu", "same", "ins"],
];

for (const [source, target, id, severity, mode = "safe"] of ROWS) {
  Deno.test(`${mode}: ${id} is ${severity}`, () => {
    const { items } = compareMachines(source, target, mode);
    assert.equal(items.find((item) => item.id === id)?.severity, severity, JSON.stringify(items));
    if (severity === "same") assert.deepEqual(items.filter((item) => item.id.startsWith("cpu.")), []);
  });
}

Deno.test("an algorithm of the maker's own is that of the same cores only", () => {
  const own = { ...MAX.pointerAuthentication!, address: "IMPLEMENTATION_DEFINED/3" };
  const of = (part: string) =>
    comparedArmCpu({ ...MAX, pointerAuthentication: own, cores: [{ ...MAX.cores[0]!, part }] });
  assert.deepEqual(compareArmCpus(of("0x1"), of("0x1"), "safe").map(({ severity }) => severity), ["same"]);
  assert.equal(
    compareArmCpus(of("0x1"), of("0x2"), "safe").find(({ id }) => id === "cpu.pac-algorithm")?.severity,
    "risk",
  );
});

Deno.test("machines of two architectures: one item, which blocks", () => {
  for (const [source, target] of [[BASE, MACHINE], [MACHINE, BASE]] as const) {
    const { verdict, items } = compareMachines(source, target, "safe");
    assert.equal(verdict, "BLOCKED");
    assert.deepEqual(items.map(({ id, severity }) => [id, severity]), [["architecture", "blocks"]]);
  }
});

Deno.test("a matrix has the verdicts of its pairs, of both architectures", () => {
  const reports = [BASE, MACHINE, without("atomics", { compatId: "aaaaaaaaaaaa" }), arm({ cores: [] })];
  const named = reports.map((report, i) => ({ name: `${i}`, report }));
  for (const mode of CPU_MODES) {
    const matrix = matrixOf(named, mode);
    const classOf = (i: number) => matrix.classes.findIndex(({ machines }) => machines.includes(`${i}`));
    reports.forEach((source, i) =>
      reports.forEach((target, j) =>
        assert.equal(
          matrix.verdicts[classOf(i)]![classOf(j)],
          compareMachines(source, target, mode).verdict,
          `${mode}: ${i} ${j}`,
        )
      )
    );
  }
  const groups = matrixOf(named, "safe").groups;
  assert.equal(groups.find(({ machines }) => machines.includes("0"))?.compatId, MAX.compatId);
});

Deno.test("a processor never blocks beside one that has more", () => {
  const bits = fc.record({ hwcap: fc.bigInt(0n, 2n ** 64n - 1n), hwcap2: fc.bigInt(0n, 2n ** 64n - 1n) });
  fc.assert(fc.property(bits, bits, (a, b) => {
    const words = { ...a, hwcap3: 0n };
    const more = { hwcap: a.hwcap | b.hwcap, hwcap2: a.hwcap2 | b.hwcap2, hwcap3: 0n };
    const of = (words: ArmVector["words"]) => ({ ...comparedArmCpu(MAX), vector: { ...vectorOf(), words } });
    const items = compareArmCpus(of(words), of(more), "safe").filter(({ severity }) => severity === "blocks");
    // But for pointers, which are checked where they were not signed.
    const ids = hasArmNamed({ words }, "paca") || !hasArmNamed({ words: more }, "paca") ? [] : ["cpu.paca"];
    assert.deepEqual(items.map(({ id }) => id), ids);
  }));
});

Deno.test("reports made before arm64 was known are read, and fit the schema", () => {
  const schema = new Ajv2020({ strict: false, validateFormats: false }).compile(reportSchema());
  const { armCpu: _, ...older } = MACHINE;
  assert(schema(older), JSON.stringify(schema.errors));
  assert.deepEqual(readReport("r", new TextEncoder().encode(JSON.stringify(older))), MACHINE);
  assert(schema(BASE), JSON.stringify(schema.errors));
  assert.deepEqual(readReport("r", new TextEncoder().encode(JSON.stringify(BASE))), BASE);
  assert.equal(ARM_WORDS.length, 3);
});
