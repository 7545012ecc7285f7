/** A hash of all that server/page_assets.ts is made from. */
export async function inputsOfPage(): Promise<string> {
  const folder = new URL("../../page/", import.meta.url);
  const names = [...Deno.readDirSync(folder)].map(({ name }) => name).sort();
  const parts = [...names.map((name) => new URL(name, folder)), new URL("pack.ts", import.meta.url)].map((url) =>
    `${url.pathname.split("/").at(-1)}\n${Deno.readTextFileSync(url)}`
  );
  const hash = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(parts.join("\0")));
  return Array.from(new Uint8Array(hash), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
