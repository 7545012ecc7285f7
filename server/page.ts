import type { HttpResponse } from "./http/message.ts";
import { PAGE_HEADERS } from "./login_page.ts";
import { ASSETS } from "./page_assets.ts";

/** One file of the page, embedded at build time. */
export interface Asset {
  readonly type: string;
  readonly body: string;
}

/** The file of the page at a path; undefined where there is none. */
export function pageAsset(path: string): HttpResponse | undefined {
  const asset = ASSETS[path];
  return asset && { status: 200, headers: { ...PAGE_HEADERS, "content-type": asset.type }, body: asset.body };
}
