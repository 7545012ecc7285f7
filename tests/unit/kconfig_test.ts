import assert from "node:assert/strict";
import fc from "fast-check";
import { gzipSync } from "node:zlib";
import { Sys } from "../../ffi/sys.ts";
import { Kconfig, parseKconfig } from "../../host/kconfig.ts";
import { fakeLibc } from "./fake_libc.ts";

const RELEASE = "6.1.0-1-amd64";
const TEXT = '# comment\nCONFIG_A=y\nCONFIG_B=m\n# CONFIG_C is not set\nCONFIG_D="text"\nCONFIG_E=0x10\n';
const load = (files: Record<string, string | Uint8Array>) => Kconfig.load(new Sys(fakeLibc({ files }), []), RELEASE);
const bytes = (text: string) => new TextEncoder().encode(text);

Deno.test("parseKconfig reads set, module, unset, text and number", () => {
  assert.deepEqual([...parseKconfig(TEXT)], [
    ["CONFIG_A", "y"],
    ["CONFIG_B", "m"],
    ["CONFIG_C", "n"],
    ["CONFIG_D", "text"],
    ["CONFIG_E", "0x10"],
  ]);
});

Deno.test("parseKconfig survives any text", () => {
  fc.assert(fc.property(fc.string({ unit: "binary" }), (text) => void parseKconfig(text)));
});

const CASES: readonly (readonly [name: string, files: Record<string, string | Uint8Array>, source: string | null])[] = [
  ["/proc/config.gz", { "/proc/config.gz": gzipSync(bytes(TEXT)) }, "/proc/config.gz"],
  ["/boot", { [`/boot/config-${RELEASE}`]: TEXT }, `/boot/config-${RELEASE}`],
  ["/lib/modules", { [`/lib/modules/${RELEASE}/config`]: TEXT }, `/lib/modules/${RELEASE}/config`],
  ["/boot where config.gz is corrupt", {
    "/proc/config.gz": gzipSync(bytes(TEXT)).subarray(0, 20),
    [`/boot/config-${RELEASE}`]: TEXT,
  }, `/boot/config-${RELEASE}`],
  ["nothing where config.gz is no gzip", { "/proc/config.gz": TEXT }, null],
  ["nothing where config.gz is empty", { "/proc/config.gz": "" }, null],
  ["nothing where it is refused", { "/proc/config.gz": "!EACCES" }, null],
  ["nothing where there is none", {}, null],
];

for (const [name, files, source] of CASES) {
  Deno.test(`Kconfig.load takes ${name}`, () => {
    const config = load(files);
    assert.equal(config.source, source);
    assert.equal(config.value("CONFIG_A"), source ? "y" : undefined);
    assert.equal(config.value("CONFIG_UNHEARD_OF"), source ? "n" : undefined);
    assert.equal(config.fault === null, !("/proc/config.gz" in files) || source === "/proc/config.gz");
  });
}

Deno.test("Kconfig.load does not unpack a bomb", () => {
  const config = load({ "/proc/config.gz": gzipSync(new Uint8Array(64 * 1024 * 1024)) });
  assert.equal(config.source, null);
  assert.match(config.fault ?? "", /config\.gz/);
});

Deno.test("Kconfig.load survives any bytes", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (noise) => {
      load({ "/proc/config.gz": noise });
      load({ "/proc/config.gz": new Uint8Array([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, ...noise]) });
    }),
    { numRuns: 30 },
  );
});

Deno.test("Kconfig.load reads a million lines", () => {
  const text = "CONFIG_LONG_NAME_OF_AN_OPTION=y\n".repeat(200_000) + "# CONFIG_LAST is not set\n";
  assert.equal(load({ [`/boot/config-${RELEASE}`]: text }).source, `/boot/config-${RELEASE}`);
});
