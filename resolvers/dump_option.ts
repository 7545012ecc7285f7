import { firstOf } from "./argument.ts";
import type { Resolvers } from "./resolver.ts";

export const DumpOption: Resolvers<"DumpOption"> = {
  obstacles: ({ obstacles }, { first }) => firstOf(obstacles, first),
};
