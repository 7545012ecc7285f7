import { eventually } from "../cli/binary.ts";
import { kill } from "../serve/server.ts";

/** A process that waits, with names as a test wants them. */
export interface Specimen extends AsyncDisposable {
  readonly pid: number;
}

const SCRIPT = `
exec 9>"$1"
flock -x 9
sleep 3600 9>&- &
sh -c 'sleep 3600 & wait' 9>&- &
printf %s "$2" >"/proc/$$/comm"
: >"$3"
read -r line`;

/** Starts a shell called so, with two children and a grandchild, that holds a lock on a file called so. */
export async function specimen(name: string, file: string): Promise<Specimen> {
  const folder = await Deno.makeTempDir({ prefix: "cready-specimen-" });
  // A session of its own: the one of the tests may be led from outside of their pid namespace, which no dump can save.
  const child = new Deno.Command("setsid", {
    args: ["sh", "-c", SCRIPT, "sh", `${folder}/${file}`, name, `${folder}/.ready`],
    stdin: "piped",
    stdout: "null",
    stderr: "null",
  }).spawn();
  const held = {
    pid: child.pid,
    async [Symbol.asyncDispose]() {
      for (const pid of [child.pid, ...childrenOf(child.pid)].flatMap((one) => [...childrenOf(one), one])) {
        kill(pid, "SIGKILL");
      }
      await child.status;
      await child.stdin.close().catch(() => {});
      await Deno.remove(folder, { recursive: true });
    },
  };
  try {
    await eventually("it is ready", () => [...Deno.readDirSync(folder)].some(({ name }) => name === ".ready"), 30);
  } catch (error) {
    await held[Symbol.asyncDispose]();
    throw error;
  }
  return held;
}

/**
 * Words to start a server through. Which trees a server lists depends on where it runs: not those of whoever looks. Here
 * it is alone in a pid namespace with shells called so, each with a child and with a lock.
 */
export function apart(names: readonly string[]): string[] {
  const script = `
for name in ${names.map((name) => `'${name}'`).join(" ")}; do
  setsid bash -c 'exec 9</etc/passwd 10>&-; flock -s 9; sleep 3600 9>&- & printf %s "$1" >/proc/$$/comm; wait' bash "$name" </dev/null >/dev/null 2>&1 &
  until grep -qsF "$name" /proc/[0-9]*/comm; do sleep 0.1; done
done
"$@"
exit $?`;
  return ["unshare", "-pf", "--mount-proc", "bash", "-c", script, "bash"];
}

/** The children of a process by their pids. */
export function childrenOf(pid: number): number[] {
  let text = "";
  try {
    text = Deno.readTextFileSync(`/proc/${pid}/task/${pid}/children`);
  } catch {
    // It has ended.
  }
  return text.split(" ").filter(Boolean).map(Number);
}
