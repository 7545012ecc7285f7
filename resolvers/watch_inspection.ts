import { GraphQLError } from "graphql";
import type { InspectionRecord } from "../report/inspection_record.ts";

/**
 * Yields an inspection, then each that says something else. `look` gives undefined when the process has ended, null when
 * it could not be looked at for once; `sleep` false when nobody waits any more.
 */
export async function* inspectionsThatDiffer(
  first: InspectionRecord,
  look: () => Promise<InspectionRecord | null | undefined>,
  sleep: () => Promise<boolean>,
): AsyncGenerator<InspectionRecord> {
  yield first;
  let before = gist(first);
  while (await sleep()) {
    const now = await look();
    if (now === undefined) return;
    const text = now ? gist(now) : before;
    if (now && text !== before) yield now;
    before = text;
  }
}

/** A look that gives undefined when the process has ended, and null when it could not be looked at. */
export function untilGone(look: () => Promise<InspectionRecord>): () => Promise<InspectionRecord | null | undefined> {
  return async () => {
    try {
      return await look();
    } catch (error) {
      const code = error instanceof GraphQLError ? error.extensions.code : undefined;
      if (code === "PROCESS_GONE") return undefined;
      if (code === "PROCESS_UNREADABLE") return null;
      throw error;
    }
  };
}

/** What of an inspection is worth telling: its verdicts, options and obstacles. */
function gist({ dump, restore, options, obstacles, totals }: InspectionRecord): string {
  return JSON.stringify([
    dump,
    restore,
    totals,
    options.map(({ text }) => text),
    obstacles.map(({ rule, stage, effect, process, subject, options }) => [
      rule,
      stage,
      effect,
      process.id,
      subject,
      options,
    ]),
  ]);
}
