/** cpuinfo.img and the comparison of processors, beside the real criu on the processor of this machine. */
import assert from "node:assert/strict";
import { withCpuid } from "../../ffi/cpuid.ts";
import { openLibc } from "../../ffi/libc.ts";
import { Sys } from "../../ffi/sys.ts";
import { CPU_BITS } from "../../cpu/bits.ts";
import { vectorFromCpuid } from "../../cpu/from_cpuid.ts";
import { vectorFromProc } from "../../cpu/from_proc.ts";
import { hasBit } from "../../cpu/vector.ts";
import { EXIT_CODES } from "../../fleet/item.ts";
import { ImageError } from "../../images/error.ts";
import { readCpuinfo } from "../../images/cpuinfo.ts";
import { cpuinfoOf, CRIU_MODES, IMAGES, passes } from "./cpu_images.ts";
import { cready, criu, Folder } from "./program.ts";

const here = withCpuid(new Sys(openLibc(), []), vectorFromCpuid)!;

Deno.test("report --cpuinfo-img writes the bytes of criu cpuinfo dump", async () => {
  await using folder = new Folder();
  for (const name of ["ours", "theirs"]) Deno.mkdirSync(folder.at(name));
  const ours = await cready("report", "--cpuinfo-img", folder.at("ours"));
  assert.deepEqual(ours, { code: 0, stdout: "", stderr: "" });
  const theirs = await criu("cpuinfo", "dump", "-D", folder.at("theirs"));
  assert.equal(theirs.code, 0, theirs.stderr);
  assert.deepEqual(
    Deno.readFileSync(folder.at("ours/cpuinfo.img")),
    Deno.readFileSync(folder.at("theirs/cpuinfo.img")),
  );
});

Deno.test("report --cpuinfo-img writes through no symbolic link and says what it cannot do", async () => {
  await using folder = new Folder();
  Deno.writeTextFileSync(folder.at("precious"), "precious");
  Deno.symlinkSync("precious", folder.at("cpuinfo.img"));
  const { code, stdout, stderr } = await cready("report", "--cpuinfo-img", folder.path);
  assert.equal(code, 2);
  assert.equal(stdout, "");
  assert.equal(stderr, `Error (cready/report): Cannot write ${folder.at("cpuinfo.img")}: ELOOP\n`);
  assert.equal(Deno.readTextFileSync(folder.at("precious")), "precious");
});

Deno.test("what the kernel lists of the processor is what CPUID says, as far as both know it", () => {
  const told = vectorFromProc(Deno.readTextFileSync("/proc/cpuinfo"), 0xffn)!;
  const more = CPU_BITS.filter((bit) => hasBit(told, bit) && !hasBit(here, bit)).map(({ name }) => name);
  assert.deepEqual(more, []);
  for (const name of ["vendor", "family", "model", "stepping", "modelName"] as const) {
    assert.equal(told[name], here[name]);
  }
});

/** Numbers that only look random: the same in each run. */
function* numbers(seed: number): Generator<number> {
  for (let state = seed;;) {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    yield state >>> 8;
  }
}

/** This machine's image with a few things changed. */
function mutant(seed: number): Uint8Array {
  const next = numbers(seed + 1);
  const take = (below: number) => next.next().value! % below;
  const words = [...here.words];
  for (let flips = take(3); flips > 0; flips--) {
    // Mostly in words that are not empty, where the bits that CRIU looks at are.
    const word = [0, 1, 3, 4, 6, 9, 10, 11, 13, 18][take(10)]!;
    words[word] = (words[word]! ^ (1 << take(32))) >>> 0;
  }
  const size = take(4) === 0 ? here.xsaveSize! + 64 * (take(3) - 1) : here.xsaveSize!;
  const max = take(4) === 0 ? here.xsaveSizeMax! + 64 * (take(3) - 1) : here.xsaveSizeMax!;
  const xfeatures = take(4) === 0 ? here.xfeatures! ^ 1n << BigInt(take(10)) : here.xfeatures!;
  const version = take(5) === 0 ? 1 : 2;
  return cpuinfoOf({
    vendorId: 1 + take(2),
    capabilityVer: version,
    capability: version === 1 ? words.slice(0, 12) : words,
    ...(take(6) === 0 ? {} : { xfeaturesMask: xfeatures }),
    ...(take(6) === 0 ? {} : { xsaveSize: size }),
    ...(take(6) === 0 ? {} : { xsaveSizeMax: max }),
  });
}

const MUTANTS = 40;
const images = new Map([...IMAGES, ...Array.from({ length: MUTANTS }, (_, i) => [`mutant ${i}`, mutant(i)] as const)]);

for (const cap of Object.keys(CRIU_MODES)) {
  Deno.test(`--cpu-cap=${cap}: the verdict is that of criu cpuinfo check for every image`, async () => {
    let refused = 0;
    for (const [name, image] of images) {
      await using folder = new Folder();
      Deno.writeFileSync(folder.at("cpuinfo.img"), image);
      const option = cap === "default" ? [] : [`--cpu-cap=${cap}`];
      const { code } = await criu("cpuinfo", "check", "-D", folder.path, "-o", "/dev/null", ...option);
      assert.equal(passes(readCpuinfo(name, image), here, cap), code === 0, `${name}: criu ends with ${code}`);
      if (code !== 0) refused++;
    }
    assert(refused >= 5 && refused < images.size, `${refused} of ${images.size} refused: these images show nothing`);
  });
}

Deno.test("compare --cpuinfo-img ends with the exit code of the verdict, in criu's modes and in ours", async () => {
  await using folder = new Folder();
  const file = folder.at("cpuinfo.img");
  await cready("report", "--cpuinfo-img", folder.path);
  for (const mode of ["none", "fpu", "ins", "cpu", "criu-default", "safe"]) {
    const { code, stdout } = await cready("compare", "--cpu", mode, "--cpuinfo-img", file);
    assert.equal(code, EXIT_CODES.GOOD, stdout);
    assert.match(stdout, /^Looks good: /);
  }
  const more = [...here.words];
  // FMA4 and XOP were AMD's alone and are gone: no processor has all of these.
  more[6] = (more[6]! | 1 << 16 | 1 << 11 | 1 << 21) >>> 0;
  more[9] = (more[9]! | 1 << 27 | 1 << 26) >>> 0;
  Deno.writeFileSync(file, cpuinfoOf({ vendorId: 1, capabilityVer: 2, capability: more }));
  const { code, stdout } = await cready("compare", "--cpuinfo-img", file);
  assert.equal(code, EXIT_CODES.BLOCKED);
  assert.match(
    stdout,
    /^ {2}blocks {4}cpu\.xop +yes -> no\n +a program that found xop at its start dies by SIGILL\n +mend: /m,
  );
});

const BROKEN: readonly (readonly [what: string, image: Uint8Array, sentence: RegExp])[] = [
  ["an unknown vendor", cpuinfoOf({ vendorId: 7, capabilityVer: 2, capability: [...here.words] }), /unknown vendor 7/],
  [
    "a later capability version",
    cpuinfoOf({ capabilityVer: 3, capability: [...here.words] }),
    /unknown capability version 3/,
  ],
  ["too few words", cpuinfoOf({ capabilityVer: 2, capability: [1, 2] }), /has 2 words of capabilities, not 19/],
  ["two processors", cpuinfoOf({ capabilityVer: 2, capability: [...here.words] }, 2), /describes 2 x86 processors/],
];
for (const [what, image, sentence] of BROKEN) {
  Deno.test(`an image of ${what} is refused, as criu refuses it`, async () => {
    assert.throws(
      () => readCpuinfo("cpuinfo.img", image),
      (error) => error instanceof ImageError && sentence.test(error.message),
    );
    await using folder = new Folder();
    Deno.writeFileSync(folder.at("cpuinfo.img"), image);
    assert.notEqual((await criu("cpuinfo", "check", "-D", folder.path, "-o", "/dev/null")).code, 0);
    const { code, stdout, stderr } = await cready("compare", "--cpuinfo-img", folder.at("cpuinfo.img"));
    assert.equal(code, 2);
    assert.equal(stdout, "");
    assert.match(stderr, sentence);
  });
}
