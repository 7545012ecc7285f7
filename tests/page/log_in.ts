import type { Page } from "playwright-core";
import { eventually } from "../cli/binary.ts";
import type { Server } from "../serve/server.ts";

/** The one-time codes that a server printed so far. */
export function codesOf(server: Server): string[] {
  return [...server.said().matchAll(/one-time code ([A-Z0-9-]+)/g)].map(([, code]) => code!);
}

/** Has a server print a new code. */
export async function newCode(server: Server): Promise<string> {
  const before = codesOf(server).length;
  Deno.kill(server.pid, "SIGUSR1");
  await eventually("another code is printed", () => codesOf(server).length > before);
  return codesOf(server).at(-1)!;
}

/** Logs in with a code of its own, as a person does, and goes to a place of the page. */
export async function logIn(page: Page, server: Server, hash = "#/"): Promise<void> {
  await page.goto(`http://${server.host}/`);
  await page.getByLabel("One-time code").fill(await newCode(server));
  await page.getByRole("button", { name: "Log in" }).click();
  await page.getByRole("heading", { name: "cready", level: 1 }).waitFor();
  if (hash !== "#/") await page.evaluate((to) => location.hash = to, hash);
}
