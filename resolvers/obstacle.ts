import { featureNamed } from "../probes/registry.ts";
import type { Resolvers } from "./resolver.ts";

export const Obstacle: Resolvers<"Obstacle"> = {
  features: ({ features }) => features.flatMap((id) => featureNamed(id) ?? []),
};
