/**
 * Tries by Deno's own API whatever the real program must not be able to do, and prints what became of each try.
 * Compiled by scripts/compile exactly as main.ts is.
 */
import process from "node:process";

const folder = "/tmp";
const TRIES: Readonly<Record<string, () => unknown>> = {
  "read a file": () => Deno.readTextFileSync("/etc/hostname"),
  "list a folder": () => [...Deno.readDirSync(folder)],
  "follow a link": () => Deno.readLinkSync("/proc/self/exe"),
  "look at a file": () => Deno.statSync("/etc/hostname"),
  "write a file": () => Deno.writeTextFileSync(`${folder}/cready-escaped`, ""),
  "make a folder": () => Deno.mkdirSync(`${folder}/cready-escaped`),
  "make a temporary file": () => Deno.makeTempFileSync(),
  "remove a file": () => Deno.removeSync(`${folder}/cready-escaped`),
  "run a program": () => new Deno.Command("/bin/true").outputSync(),
  "kill a process": () => Deno.kill(Deno.pid, "SIGCONT"),
  "read the environment": () => Deno.env.get("PATH"),
  "read the whole environment": () => Deno.env.toObject(),
  "ask for the host's name": () => Deno.hostname(),
  "ask for the load": () => Deno.loadavg(),
  "ask for the user": () => Deno.uid(),
  "listen on a port": () => Deno.listen({ hostname: "127.0.0.1", port: 0 }),
  "connect to a port": () => Deno.connect({ hostname: "127.0.0.1", port: 9 }),
  "fetch a page": () => fetch("http://127.0.0.1:9/"),
  "listen on a socket file": () => Deno.listen({ transport: "unix", path: `${folder}/cready-escaped` }),
  "change the folder": () => Deno.chdir(folder),
  "read a file by Node's API": () => process.getBuiltinModule("node:fs").readFileSync("/etc/hostname"),
  "run a program by Node's API": () => process.getBuiltinModule("node:child_process").execFileSync("/bin/true"),
};

const outcomes: Record<string, string> = {};
for (const [what, attempt] of Object.entries(TRIES)) {
  try {
    await attempt();
    outcomes[what] = "done";
  } catch (error) {
    outcomes[what] = error instanceof Error ? error.name : String(error);
  }
}
console.log(JSON.stringify(outcomes));
