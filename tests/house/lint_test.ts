import assert from "node:assert/strict";
import plugin from "../../scripts/lint_house.ts";

const CASES: readonly (readonly [file: string, source: string, message: RegExp | null])[] = [
  ["/p/probes/x.ts", 'import a from "../cli/run.ts";', /probes\/ may not import cli/],
  ["/p/probes/x.ts", 'import a from "../ffi/sys.ts"; import b from "./probe.ts";', null],
  ["/p/ffi/arch/x.ts", 'import a from "../errno.ts";', null],
  ["/p/ffi/arch/x.ts", 'import a from "../../host/host.ts";', /ffi\/ may not import host/],
  ["/p/ffi/x.ts", 'export { a } from "../probes/run.ts";', /ffi\/ may not import probes/],
  ["/p/server/http/x.ts", 'import a from "../../ffi/sys.ts"; import b from "./y.ts"; import c from "../z.ts";', null],
  ["/p/server/x.ts", 'import a from "../cli/run.ts";', /server\/ may not import cli/],
  ["/p/resolvers/x.ts", 'import a from "../server/x.ts";', /resolvers\/ may not import server/],
  ["/p/tests/unit/x.ts", 'import a from "../../cli/run.ts";', null],
  ["/p/cli/x.ts", "const a = await import(name);", /computed imports/],
  ["/p/cli/x.ts", 'const a = await import("./serve.ts");', null],
  ["/p/cli/x.ts", 'Deno.dlopen("libc.so.6", {});', /Deno\.dlopen belongs in ffi/],
  ["/p/ffi/x.ts", 'Deno.dlopen("libc.so.6", {});', null],
  ["/p/cli/x.ts", 'Deno.readTextFileSync("/etc/passwd");', /scripts and tests/],
  ["/p/ffi/libc.ts", "const a = Deno.build.arch;", /Only ffi\/arch/],
  ["/p/ffi/arch/host.ts", 'const a = Deno.build.arch === "x86_64";', null],
  ["/p/probes/x.ts", 'if (sys.arch.name === "aarch64") run();', /Only ffi\/arch/],
  ["/p/cli/x.ts", 'switch (host.architecture) { case "x86_64": run(); }', /Only ffi\/arch/],
  ["/p/fleet/x.ts", 'const a = { aarch64: "arm64" };', null],
  ["/p/cli/x.ts", "Deno.exit(1);", /scripts and tests/],
];

for (const [file, source, message] of CASES) {
  Deno.test(`house lint ${message ? "refuses" : "lets pass"} ${source} in ${file}`, () => {
    const found = Deno.lint.runPlugin(plugin, file, source);
    if (message) assert.match(found[0]?.message ?? "nothing found", message);
    else assert.deepEqual(found, []);
  });
}
