import { atMost } from "./argument.ts";
import type { Resolvers } from "./resolver.ts";

const DAY_MS = 86_400_000;

export const Feature: Resolvers<"Feature"> = {
  category: ({ category }) => category === null ? null : { name: category },
  finding: (feature, { maxAgeMs }, { ask }) => ask.finding(feature, atMost("maxAgeMs", maxAgeMs, 0, DAY_MS)),
};
