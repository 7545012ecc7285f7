/** A hash of all that server/graphiql_assets.ts is made from. */
export async function inputsOfGraphiql(): Promise<string> {
  const parts = ["deno.json", "deno.lock", "page.js", "pack.ts"].map((name) =>
    Deno.readTextFileSync(new URL(name, import.meta.url))
  );
  const hash = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(parts.join("\0")));
  return Array.from(new Uint8Array(hash), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
