import { GraphQLError } from "graphql";
import type { InspectionRecord } from "../report/inspection_record.ts";

/**
 * Yields an inspection, then each that says something else. `look` gives undefined when the process has ended, `sleep`
 * false when nobody waits any more.
 */
export async function* inspectionsThatDiffer(
  first: InspectionRecord,
  look: () => Promise<InspectionRecord | undefined>,
  sleep: () => Promise<boolean>,
): AsyncGenerator<InspectionRecord> {
  let before: string | undefined;
  for (let now: InspectionRecord | undefined = first; now; now = await sleep() ? await look() : undefined) {
    const text = gist(now);
    if (text !== before) yield now;
    before = text;
  }
}

/** Looks until the process has ended. */
export function untilGone(look: () => Promise<InspectionRecord>): () => Promise<InspectionRecord | undefined> {
  return async () => {
    try {
      return await look();
    } catch (error) {
      if (error instanceof GraphQLError && error.extensions.code === "PROCESS_GONE") return undefined;
      throw error;
    }
  };
}

/** What of an inspection is worth telling: its verdicts, options and obstacles. */
function gist({ dump, restore, options, obstacles }: InspectionRecord): string {
  return JSON.stringify([
    dump,
    restore,
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
