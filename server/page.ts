import type { HttpResponse } from "./http/message.ts";
import { PAGE_HEADERS } from "./login_page.ts";
import { FILES } from "./page_assets.ts";

/** The files of the page by their paths, as they are sent: gzip, which every browser takes. */
const ASSETS: ReadonlyMap<string, HttpResponse> = new Map(
  FILES.map(([path, type, packed]) => [path, {
    status: 200,
    headers: { ...PAGE_HEADERS, "content-type": type, "content-encoding": "gzip" },
    body: Uint8Array.from(atob(packed), (char) => char.charCodeAt(0)),
  }]),
);

/** The file of the page at a path; undefined where there is none. */
export function pageAsset(path: string): HttpResponse | undefined {
  return ASSETS.get(path);
}
