/** What the tests of arm64 have in common: the built program, and scripts/kernels. */

const ROOT = new URL("../../", import.meta.url);

/** A file of the project. */
export const at = (path: string): string => new URL(path, ROOT).pathname;

/** Runs a program of the project to its end; what it prints on standard error is shown. Throws where it fails. */
export async function made(path: string, ...args: readonly string[]): Promise<void> {
  const { code } = await new Deno.Command(at(path), {
    args: [...args],
    env: { CREADY_VM_ARCH: "arm64" },
    stdin: "null",
    stdout: "inherit",
    stderr: "inherit",
  }).output();
  if (code !== 0) throw new Error(`${path} ${args.join(" ")} ended with ${code}`);
}

/** The program for arm64 and all that its guests boot with; built and fetched where it is not there. */
export async function ready(): Promise<void> {
  await made("scripts/compile", "--target", "aarch64");
  await made("scripts/kernels", "fetch");
}

/** scripts/kernels for arm64; says what went wrong, and goes on. */
export async function kernels(words: readonly string[], env: Record<string, string> = {}): Promise<boolean> {
  const { success, stderr } = await new Deno.Command(at("scripts/kernels"), {
    args: [...words],
    env: { CREADY_VM_ARCH: "arm64", ...env },
    stdin: "null",
  }).output();
  if (!success) console.error(`scripts/kernels ${words[0]}: ${new TextDecoder().decode(stderr)}`);
  return success;
}

/** Does all of it, two at once: one for each core of a small machine. */
export async function atOnce<T>(all: readonly T[], each: (one: T) => Promise<unknown>): Promise<void> {
  const waiting = [...all];
  const worker = async () => {
    for (let one; (one = waiting.shift()) !== undefined;) await each(one);
  };
  await Promise.all([worker(), worker()]);
}
