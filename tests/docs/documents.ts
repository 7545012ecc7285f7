/** The documentation: every Markdown file of the checkout that people read. */
import { ROOT } from "../cli/binary.ts";

/** Paths below the root, sorted. */
export function documents(): string[] {
  const found: string[] = [];
  const walk = (folder: string) => {
    for (const { name, isFile, isDirectory } of Deno.readDirSync(`${ROOT}/${folder}`)) {
      const path = folder === "" ? name : `${folder}/${name}`;
      if (isFile && name.endsWith(".md")) found.push(path);
      // The source of a generated file has its links as that file has them.
      if (isDirectory && !name.startsWith(".") && !/^(dist|node_modules|scripts)$/.test(name)) walk(path);
    }
  };
  walk("");
  return found.sort();
}
