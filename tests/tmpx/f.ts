import { openLibc } from "../../ffi/libc.ts";
import { Sys } from "../../ffi/sys.ts";
import { openDump } from "../../images/dump.ts";
import { dumpFacts } from "../../images/facts.ts";
const sys = new Sys(openLibc(), []);
const d = await openDump(sys, Deno.args[0]!);
console.dir(dumpFacts(d), { depth: 6 });
