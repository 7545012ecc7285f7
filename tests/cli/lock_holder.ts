import { eventually } from "./binary.ts";

/** A process that does nothing but hold two locks when it is told to. */
export interface LockHolder extends AsyncDisposable {
  readonly pid: number;
  lock(): Promise<void>;
  end(): Promise<void>;
}

/** Starts a shell that locks two files of its own, or waits until it shall. */
export async function lockHolder({ waits = false } = {}): Promise<LockHolder> {
  const folder = await Deno.makeTempDir({ prefix: "cready-lock-" });
  const file = `${folder}/file`, done = `${folder}/done`;
  // A session of its own: the one of the tests may be led from outside of their pid namespace, which no dump can save.
  const child = new Deno.Command("setsid", {
    args: [
      "sh",
      "-c",
      'exec 9>"$1" 8>"$1.too"; read -r line; flock -x 8; flock -x 9; : >"$2"; read -r line',
      "sh",
      file,
      done,
    ],
    stdin: "piped",
    stdout: "null",
    stderr: "null",
  }).spawn();
  const input = child.stdin.getWriter();
  let over = false;
  const end = async () => {
    if (over) return;
    over = true;
    child.kill("SIGKILL");
    await child.status;
    await input.close().catch(() => {});
  };
  const lock = async () => {
    await input.write(new TextEncoder().encode("now\n"));
    await eventually("the file is locked", () => exists(done), 30);
    // flock(1) has ended, too.
    await eventually("the shell is alone", () => childrenOf(child.pid) === "", 30);
  };
  const holder = {
    pid: child.pid,
    lock,
    end,
    async [Symbol.asyncDispose]() {
      await end();
      await Deno.remove(folder, { recursive: true });
    },
  };
  try {
    await eventually("it runs", () => exists(file), 30);
    if (!waits) await lock();
  } catch (error) {
    await holder[Symbol.asyncDispose]();
    throw error;
  }
  return holder;
}

function exists(path: string): boolean {
  try {
    Deno.lstatSync(path);
    return true;
  } catch {
    return false;
  }
}

function childrenOf(pid: number): string {
  return Deno.readTextFileSync(`/proc/${pid}/task/${pid}/children`).trim();
}
