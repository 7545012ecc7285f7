/**
 * What /proc/kallsyms says of a global function. `built-in`: the kernel has it. `weak`: only the fallback
 * that answers ENOSYS (kernel/sys_ni.c) is there. `absent`: no such symbol.
 */
export type Symbol = "built-in" | "weak" | "absent";

/** Looks a symbol up in the text of /proc/kallsyms (`ADDRESS TYPE NAME`); the last line may be cut off. */
export function findSymbol(text: string, name: string): Symbol {
  for (let at = text.indexOf(` ${name}`); at >= 0; at = text.indexOf(` ${name}`, at + 1)) {
    const after = text[at + 1 + name.length];
    if (after !== "\n" && after !== "\t" && after !== undefined) continue;
    const type = text[at - 1];
    if (type === "T" || type === "t") return "built-in";
    if (type === "W" || type === "w") return "weak";
  }
  return "absent";
}
