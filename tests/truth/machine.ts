/** Brings together what sandboxes need. */
import type { Criu } from "./criu.ts";
import type { Machine } from "./sandbox.ts";

const ROOT = new URL("../..", import.meta.url).pathname.replace(/\/$/, "");

/** The machine for one criu; its scratch folder is the caller's to remove. */
export async function machine(judge: Criu): Promise<Machine> {
  const { code, stdout } = await new Deno.Command(`${ROOT}/scripts/programs`, { stderr: "inherit" }).output();
  if (code !== 0) throw new Error("scripts/programs failed");
  const programs = new TextDecoder().decode(stdout).trim();
  const scratch = await Deno.makeTempDir({ prefix: "cready-truth-" });
  // Other users must reach what is theirs.
  await Deno.chmod(scratch, 0o755);
  // Where criu's tree and Deno's program are: scripts/env keeps all of it in one cache folder.
  const cache = programs.replace(/\/[^/]*$/, "");
  return { scratch, path: judge.path, programs, folders: [ROOT, cache, scratch], deno: Deno.execPath() };
}
