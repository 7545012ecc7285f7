/** What is true on this machine, by other ways than the RPC. */
import assert from "node:assert/strict";
import { cready, PATH, ROOT } from "../cli/binary.ts";

function script(name: string, ...args: string[]): string {
  const { success, stdout, stderr } = new Deno.Command(`${ROOT}/scripts/${name}`, { args, stdin: "null" }).outputSync();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes).trim();
  if (!success) throw new Error(`scripts/${name} failed: ${text(stderr)}`);
  return text(stdout);
}

/** The real criu, of several releases; 3.17.1 ends in its start-up on new kernels. */
export const CRIU = script("criu", "--path");
export const CRIU_4_1 = script("criu", "--path", "4.1.1");
export const CRIU_3_17 = script("criu", "--path", "3.17.1");
/** The folder with the client libraries. */
export const CLIENTS = script("clients");

/** A PATH whose first criu is the one given; made for the test file and removed with it. */
export function pathWith(criu: string): string {
  const folder = Deno.makeTempDirSync({ prefix: "cready-path-" });
  globalThis.addEventListener("unload", () => Deno.removeSync(folder, { recursive: true }));
  Deno.chmodSync(folder, 0o755);
  Deno.symlinkSync(criu, `${folder}/criu`);
  return `${folder}:${PATH}`;
}

/** A PATH with Debian's tools and no criu, also where one is installed. */
export const WITHOUT_CRIU = (() => {
  const folder = Deno.makeTempDirSync({ prefix: "cready-path-" });
  globalThis.addEventListener("unload", () => Deno.removeSync(folder, { recursive: true }));
  Deno.chmodSync(folder, 0o755);
  for (const tool of ["sh", "python3", "env", "cat", "setpriv"]) {
    Deno.symlinkSync(`/usr/bin/${tool}`, `${folder}/${tool}`);
  }
  return folder;
})();

/** Whether `cready check` with these words ends with 0. */
async function holds(...words: string[]): Promise<boolean> {
  const { code } = await cready(["check", "--quiet", ...words]);
  assert(code === 0 || code === 1);
  return code === 0;
}

/** What `cready check` says of all that the RPC can be asked for. */
export const TRUTH = {
  check: await holds(),
  mem_track: await holds("--feature", "mem_dirty_track"),
  lazy_pages: await holds("--feature", "uffd,uffd-noncoop"),
  pidfd_store: await holds("--feature", "pidfd_store"),
};
