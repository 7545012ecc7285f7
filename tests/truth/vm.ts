/**
 * Specimens in a virtual machine, where root has all capabilities: many machines' root lacks CAP_SYS_RESOURCE, and criu cannot
 * dump a task of another user without it.
 */
import { errorsOf, type Said } from "./criu.ts";
import type { Specimen } from "./sandbox.ts";
import { type Attempt, type Inspection, judge, type Pick, type Trial } from "./trial.ts";

const ROOT = new URL("../..", import.meta.url).pathname;
/** A released kernel that is neither old nor new. */
const KERNEL = "6.12";
/** Seconds: a start of a program, the inspection and the dump are each a matter of seconds under emulation. */
const LIMIT = 1500;

/** A processor that is cheaper to play than the one with everything. */
const ARM_CPU = "cortex-a72";

/** Those that other users' tasks are part of. */
export function forGuest(rows: readonly Specimen[]): Specimen[] {
  return rows.filter(({ rules }) => rules.includes("attr-rlimits-permission"));
}

/** What guest.py says of one attempt. */
interface Said1 {
  readonly name: string;
  readonly pick: Pick;
  readonly failed?: string;
  readonly predicted: Inspection;
  readonly options: readonly string[];
  readonly dumped: number;
  readonly log: string;
  readonly restored?: number;
  readonly restoreLog?: string;
  readonly why?: string;
}

async function output(words: readonly string[], env: Record<string, string> = {}): Promise<string> {
  const { code, stdout } = await new Deno.Command(words[0]!, { args: words.slice(1), env, stderr: "inherit" }).output();
  if (code !== 0) throw new Error(`${words.slice(0, 2).join(" ")} failed`);
  return new TextDecoder().decode(stdout).trim();
}

/** Boots a guest, has it try all of them, and judges what it says. */
export async function guest(rows: readonly Specimen[], version: string): Promise<Trial[]> {
  const out = `${ROOT}dist/truth/vm`;
  await output([`${ROOT}scripts/kernels`, "fetch"]);
  const members = await output([`${ROOT}scripts/guest-programs`, ...rows.map(({ name }) => name)]);
  try {
    await output(
      [`${ROOT}scripts/kernels`, "--out", out, "run", KERNEL, "full", `${ROOT}scripts/kernels.d/jobs/truth`],
      {
        CREADY_VM_MEMBERS: members,
        CREADY_VM_MEMORY: "2048",
        CREADY_VM_LIMIT: `${LIMIT}`,
      },
    );
  } finally {
    // The first is kept for the next run.
    await Deno.remove(members.split(" ")[1]!);
  }
  return await trials(rows, version, await Deno.readTextFile(`${out}/${KERNEL}-full/attempts.ndjson`));
}

/** The specimens of tests/arm64 in two guests at once, one for each core of a small machine. */
export async function armGuests(rows: readonly Specimen[], version: string): Promise<Trial[]> {
  const half = Math.ceil(rows.length / 2);
  const parts = [rows.slice(0, half), rows.slice(half)].filter((part) => part.length > 0);
  return (await Promise.all(parts.map((part, i) => armGuest(part, version, `${i + 1}`)))).flat();
}

/** The same in a guest of arm64, in which the specimens live in the guest's own tree. `part` names its folder of results. */
async function armGuest(rows: readonly Specimen[], version: string, part: string): Promise<Trial[]> {
  const out = `${ROOT}dist/truth/arm64-${part}`;
  const member = await output([`${ROOT}scripts/guest-specimens`, ...rows.map(({ name }) => name)]);
  const python = await output([`${ROOT}scripts/kernels`, "python"], { CREADY_VM_ARCH: "arm64" });
  try {
    await output(
      [`${ROOT}scripts/kernels`, "--out", out, "run", KERNEL, "full", `${ROOT}scripts/kernels.d/jobs/arm64-truth`],
      {
        CREADY_VM_ARCH: "arm64",
        CREADY_VM_CPU: ARM_CPU,
        CREADY_VM_MEMBERS: `${python} ${member}`,
        CREADY_VM_LIMIT: `${LIMIT}`,
      },
    );
  } finally {
    await Deno.remove(member);
  }
  return await trials(rows, version, await Deno.readTextFile(`${out}/${KERNEL}-full/attempts.ndjson`));
}

async function trials(rows: readonly Specimen[], version: string, text: string): Promise<Trial[]> {
  const lines: Said1[] = text.split("\n").filter(Boolean).map((line) => JSON.parse(line));
  const said = (ok: boolean, log: string): Said => ({ ok, errors: errorsOf(log), log, ms: 0 });
  const attempt = (name: string, pick: Pick): Attempt => {
    const line = lines.find((one) => one.name === name && one.pick === pick);
    if (!line || line.failed) throw new Error(`${name} in the guest: ${line?.failed ?? "it said nothing"}`);
    return {
      predicted: line.predicted,
      options: line.options,
      dumped: said(line.dumped === 0, line.log),
      restored: line.restored === undefined ? null : said(line.restored === 0, line.restoreLog ?? ""),
      why: line.why ? JSON.parse(line.why) : null,
    };
  };
  return await Promise.all(rows.map((row) =>
    judge(row, {
      version,
      attempt: (pick) => Promise.resolve().then(() => attempt(row.name, pick)),
      // No search in there: what is refused for good on the machine is so in the guest.
      helped: () => Promise.resolve(null),
      keepLog: () => Promise.resolve(),
    })
  ));
}
