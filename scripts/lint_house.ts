/**
 * The rules of this house that a linter can keep (docs/design.md says why): who may open libraries, who may
 * print, which folder may import which, and that no import can miss at run time.
 */

/** Folders from the one that may use all others down to those that may use none. */
export const LAYERS: Readonly<Record<string, readonly string[]>> = {
  ffi: ["ffi"],
  proc: ["proc", "ffi"],
  cpu: ["cpu"],
  host: ["host", "cpu", "proc", "ffi"],
  images: ["images", "proto", "cpu", "ffi"],
  probes: ["probes", "host", "proc", "ffi", "version.ts"],
  rules: ["rules", "version.ts"],
  inspect: ["inspect", "rules", "probes", "host", "proc", "ffi", "version.ts"],
  why: ["why", "rules", "version.ts"],
  fleet: ["fleet", "inspect", "images", "probes", "host", "cpu", "proc", "ffi", "version.ts"],
  report: ["report", "fleet", "inspect", "rules", "probes", "host", "ffi", "version.ts"],
  rpc: ["rpc", "proto", "report", "probes", "host", "ffi", "version.ts"],
  resolvers: ["resolvers", "schema", "report", "probes", "host"],
  server: ["server", "resolvers", "schema", "report", "fleet", "probes", "host", "proc", "ffi", "version.ts"],
  schema: ["schema", "resolvers"],
  // The one folder that joins everything.
  cli: [
    "cli",
    "inspect",
    "why",
    "rules",
    "server",
    "rpc",
    "resolvers",
    "schema",
    "report",
    "fleet",
    "images",
    "probes",
    "host",
    "proc",
    "ffi",
    "version.ts",
  ],
};

const ROOT = new URL("../", import.meta.url).pathname;

/** The folder of a source file below the root, or undefined for what lies outside of the layers. */
function layerOf(path: string): string | undefined {
  const parts = path.replaceAll("\\", "/").replace(ROOT, "/").split("/"); // the checkout may be named like a layer
  if (["tests", "scripts"].some((folder) => parts.includes(folder))) return undefined;
  return [parts.at(-2)!, parts.at(-3)!].find((folder) => folder in LAYERS);
}

/** The first folder (or file) that a relative import reaches, seen from the root. */
function target(from: string, layer: string, specifier: string): string {
  const depth = from.replaceAll("\\", "/").split("/").at(-2) === layer ? 1 : 2;
  const ups = specifier.split("/").filter((part) => part === "..").length;
  return ups < depth ? layer : specifier.split("/").filter((part) => part !== ".." && part !== ".")[0]!;
}

const plugin: Deno.lint.Plugin = {
  name: "house",
  rules: {
    "layers": {
      create(context) {
        const layer = layerOf(context.filename);
        const check = (node: Deno.lint.ImportDeclaration | Deno.lint.ExportNamedDeclaration) => {
          const specifier = node.source?.value;
          if (!layer || !specifier?.startsWith(".")) return;
          const reached = target(context.filename, layer, specifier);
          if (!LAYERS[layer]!.includes(reached)) {
            context.report({ node, message: `${layer}/ may not import ${reached}` });
          }
        };
        return { ImportDeclaration: check, ExportNamedDeclaration: check };
      },
    },
    "literal-imports": {
      create(context) {
        return {
          // An import that was not embedded would be loaded from a folder below /tmp that anybody may write.
          ImportExpression(node) {
            if (node.source.type !== "Literal") {
              context.report({ node, message: "Import a string literal: computed imports are not embedded" });
            }
          },
        };
      },
    },
    "architectures": {
      create(context) {
        const path = context.filename.replaceAll("\\", "/");
        if (!layerOf(path) || path.includes("/ffi/arch/")) return {};
        const message = "Only ffi/arch/ asks which architecture it is: what differs is a field of Arch";
        const named = (node: Deno.lint.Expression | Deno.lint.PrivateIdentifier) =>
          node.type === "Literal" && /^(x86_64|aarch64|amd64|arm64|x64)$/.test(String(node.value));
        return {
          MemberExpression(node) {
            if (node.object.type !== "Identifier" || node.property.type !== "Identifier") return;
            if (`${node.object.name}.${node.property.name}` === "Deno.build") context.report({ node, message });
          },
          BinaryExpression(node) {
            if (named(node.left) || named(node.right)) context.report({ node, message });
          },
          SwitchCase(node) {
            if (node.test && named(node.test)) context.report({ node, message });
          },
        };
      },
    },
    "effects": {
      create(context) {
        const layer = layerOf(context.filename);
        return {
          MemberExpression(node) {
            if (!layer || node.object.type !== "Identifier" || node.property.type !== "Identifier") return;
            const name = `${node.object.name}.${node.property.name}`;
            const foreign = /^Deno\.(dlopen|Unsafe\w+)$/.test(name);
            if (foreign && layer !== "ffi") context.report({ node, message: `${name} belongs in ffi/` });
            if (/^Deno\.(exit|stdout|stderr|readTextFile\w*|readFile\w*|open\w*|Command|env)$/.test(name)) {
              context.report({
                node,
                message: `${name} is for scripts and tests: this program has the ffi permission alone`,
              });
            }
          },
        };
      },
    },
  },
};
export default plugin;
