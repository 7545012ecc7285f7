/** What is inside of the executable besides cready's own code. */
import { dirname } from "node:path";

/** An npm package of a lock file. */
export interface NpmPackage {
  readonly name: string;
  readonly version: string;
  /** As the lock file has it: `sha512-` and base64. */
  readonly integrity: string;
  /** Which part of cready needs it. */
  readonly part: "program" | "page" | "graphiql";
  /** The folder in Deno's cache. */
  readonly folder: string;
  /** The licence that its package.json declares, an SPDX expression. */
  readonly licence: string;
  readonly author: string;
}

interface Lock {
  readonly specifiers: Readonly<Record<string, string>>;
  readonly npm: Readonly<Record<string, { readonly integrity: string; readonly dependencies?: readonly string[] }>>;
}

/** `@scope/name@1.2.3_peer@4` without the peers. */
function nameAndVersion(key: string): [string, string] {
  const found = /^(@?[^@]+)@([^_]+)/.exec(key);
  if (!found) throw new Error(`a lock file has the key ${key}`);
  return [found[1]!, found[2]!];
}

/** The packages of a lock file that `roots` (specifiers, or name@version) bring along. */
function closure(lock: Lock, roots: readonly string[]): string[] {
  const keys = Object.keys(lock.npm);
  const resolve = (word: string): string => {
    const exact = keys.filter((key) => key === word || key.startsWith(`${word}_`));
    const found = exact.length > 0 ? exact : keys.filter((key) => nameAndVersion(key)[0] === word);
    if (found.length === 0) throw new Error(`a lock file has no package ${word}`);
    return found[0]!;
  };
  const seen = new Set<string>();
  const visit = (key: string) => {
    if (seen.has(key)) return;
    seen.add(key);
    for (const dependency of lock.npm[key]!.dependencies ?? []) visit(resolve(dependency));
  };
  for (const root of roots) visit(resolve(root));
  return [...seen];
}

/** The npm packages that a module imports itself: `graphql@17.1.0`. */
function imported(deno: string, root: string, module: string): string[] {
  const { success, stdout, stderr } = new Deno.Command(deno, { args: ["info", "--json", module], cwd: root })
    .outputSync();
  if (!success) throw new Error(`deno info ${module} failed: ${new TextDecoder().decode(stderr)}`);
  const { modules } = JSON.parse(new TextDecoder().decode(stdout));
  const keys = modules.flatMap(({ npmPackage }: { npmPackage?: string }) => npmPackage ?? []) as string[];
  return [...new Set(keys)].map((key) => nameAndVersion(key).join("@"));
}

/** Where packages lie in Deno's cache: below the folder of the one registry they were fetched from. */
function folderOf(cache: string, name: string, version: string): string {
  for (const { name: registry } of Deno.readDirSync(`${cache}/npm`)) {
    const folder = `${cache}/npm/${registry}/${name}/${version}`;
    if (existing(`${folder}/package.json`)) return folder;
  }
  throw new Error(`${name} ${version} is not in ${cache}`);
}

function existing(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}

/** Every npm package in the executable, by name and version, once; with all that those depend on, used or not. */
export function npmPackages(root: string, deno: string): NpmPackage[] {
  const cache = `${dirname(deno)}/cache`;
  const read = (path: string): Lock => JSON.parse(Deno.readTextFileSync(`${root}/${path}`));
  const main = read("deno.lock"), graphiql = read("scripts/graphiql/deno.lock");
  const roots = Object.keys(graphiql.specifiers).map((word) => word.replace(/^npm:/, ""));
  const parts = [
    { part: "program", lock: main, keys: closure(main, imported(deno, root, "main.ts")) },
    { part: "page", lock: main, keys: closure(main, imported(deno, root, "page/main.tsx")) },
    { part: "graphiql", lock: graphiql, keys: closure(graphiql, roots) },
  ] as const;
  const found = new Map<string, NpmPackage>();
  for (const { part, lock, keys } of parts) {
    for (const key of keys) {
      const [name, version] = nameAndVersion(key);
      if (found.has(`${name}@${version}`)) continue;
      const folder = folderOf(cache, name, version);
      const { license, author } = JSON.parse(Deno.readTextFileSync(`${folder}/package.json`));
      if (typeof license !== "string") throw new Error(`${name} ${version} declares no licence`);
      const { integrity } = lock.npm[key]!;
      const by = typeof author === "string" ? author : author?.name ?? "";
      found.set(`${name}@${version}`, { name, version, integrity, part, folder, licence: license, author: by });
    }
  }
  return [...found.values()].sort((a, b) => `${a.name}@${a.version}` < `${b.name}@${b.version}` ? -1 : 1);
}

/** What a runtime is made of, as far as it can be told from its bytes. */
export interface Runtime {
  readonly v8: string;
  /** Rust crates by name and version. */
  readonly crates: readonly (readonly [string, string])[];
}

/**
 * Looks into denort. Messages of Rust name the source files that they come from, and with them crate and version: those
 * of crates that have such messages. V8's version is a string of its own.
 */
export function runtimeOf(denort: string): Runtime {
  const text = new TextDecoder("latin1").decode(Deno.readFileSync(denort));
  const v8 = /\b(\d+\.\d+\.\d+\.\d+)-rusty\b/.exec(text)?.[1];
  if (!v8) throw new Error(`${denort} names no version of V8`);
  const crates = new Map<string, readonly [string, string]>();
  for (const [, crate] of text.matchAll(/registry\/src\/[\w.-]+-[0-9a-f]{16}\/([A-Za-z0-9_.+-]+?)\//g)) {
    const found = /^(.+?)-(\d+\.\d+\.\d+.*)$/.exec(crate!);
    if (found) crates.set(crate!, [found[1]!, found[2]!]);
  }
  if (crates.size === 0) throw new Error(`${denort} names no crates`);
  return { v8, crates: [...crates.keys()].sort().map((key) => crates.get(key)!) };
}
