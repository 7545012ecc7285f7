import type { CheckEvent as Event } from "../schema/types.ts";

/** Which of the union's types a value is. */
export const CheckEvent = {
  resolveType: (event: Event): "Finding" | "CheckReport" => "outcome" in event ? "CheckReport" : "Finding",
};
