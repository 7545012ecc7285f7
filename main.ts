import { run } from "./cli/run.ts";
import { openLibc } from "./ffi/libc.ts";

const libc = openLibc();
// exit_group(2) at once: there is nothing to tear down, and it saves the runtime's end.
libc.syscall("exit_group", await run(Deno.args, libc));
