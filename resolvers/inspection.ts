import type { Resolvers } from "./resolver.ts";

export const Inspection: Resolvers<"Inspection"> = {
  obstacles: ({ obstacles }, { stage }) => stage ? obstacles.filter((one) => one.stage === stage) : obstacles,
};
