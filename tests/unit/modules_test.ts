import assert from "node:assert/strict";
import fc from "fast-check";
import { Sys } from "../../ffi/sys.ts";
import { Modules, type ModuleState, parseModulePaths, parseModules } from "../../host/modules.ts";
import { fakeLibc } from "./fake_libc.ts";

const FOLDER = "/lib/modules/6.1.0";
const FILES = {
  "/proc/modules": "tun 61440 0 - Live 0x0000000000000000\nnf_tables 1 2 nft_x,nft_y, Live 0x0\n",
  [`${FOLDER}/modules.builtin`]: "kernel/fs/fuse/fuse.ko\n",
  [`${FOLDER}/modules.dep`]:
    "kernel/net/ipv4/raw_diag.ko.xz: kernel/net/ipv4/inet_diag.ko.xz\nkernel/drivers/net/veth.ko:\nkernel/x/dash-name.ko.zst:\n",
};

const CASES: readonly (readonly [name: string, state: ModuleState])[] = [
  ["tun", "loaded"],
  ["nf_tables", "loaded"],
  ["nft_x", "absent"],
  ["fuse", "built-in"],
  ["raw_diag", "on-disk"],
  ["veth", "on-disk"],
  ["dash_name", "on-disk"],
  ["dash-name", "on-disk"],
  ["inet_diag", "absent"],
];

for (const [name, state] of CASES) {
  Deno.test(`Modules says that ${name} is ${state}`, () => {
    assert.equal(new Modules(new Sys(fakeLibc({ files: FILES }), []), "6.1.0").state(name), state);
  });
}

Deno.test("Modules does not know what is on a disk that it cannot read", () => {
  assert.equal(new Modules(new Sys(fakeLibc(), []), "6.1.0").state("veth"), "unknown");
});

Deno.test("the parsers of modules survive any text", () => {
  fc.assert(fc.property(fc.string({ unit: "binary" }), (text) => {
    parseModules(text);
    parseModulePaths(text);
  }));
});
