/** The compiled program and the real criu, as the suites on machines and images use them. */
const root = new URL("../../", import.meta.url);

/** What a run gave. */
export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program to its end. */
export async function ran(
  program: string | URL,
  args: readonly string[],
  env: Record<string, string> = {},
): Promise<Ran> {
  const { code, stdout, stderr } = await new Deno.Command(program, { args: [...args], env, stdin: "null" }).output();
  return { code, stdout: new TextDecoder().decode(stdout), stderr: new TextDecoder().decode(stderr) };
}

/** Runs dist/cready. */
export function cready(...args: readonly string[]): Promise<Ran> {
  return ran(new URL("dist/cready", root), args);
}

/** The real criu; fetched when it is not there. */
export const CRIU = new TextDecoder().decode(
  new Deno.Command(new URL("scripts/criu", root), { args: ["--path"], stderr: "inherit" }).outputSync().stdout,
).trim();
if (!CRIU) throw new Error("The real criu could not be fetched: these tests compare with it, and are not skipped");

/** Runs the real criu. */
export function criu(...args: readonly string[]): Promise<Ran> {
  return ran(CRIU, args);
}

/** A folder that is gone when the test is over. */
export class Folder implements AsyncDisposable {
  readonly path = Deno.makeTempDirSync({ prefix: "cready-fleet-" });
  /** A path below it. */
  at(name: string): string {
    return `${this.path}/${name}`;
  }
  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.path, { recursive: true });
  }
}
