import { firstOf } from "./argument.ts";
import type { Resolvers } from "./resolver.ts";

export const Inspection: Resolvers<"Inspection"> = {
  obstacles: ({ obstacles }, { stage, first }) =>
    firstOf(stage ? obstacles.filter((one) => one.stage === stage) : obstacles, first),
  obstaclesTotal: ({ totals }, { stage }) => stage ? totals[stage] : totals.DUMP + totals.RESTORE,
};
