import { registry } from "./features.ts";
import type { Resolvers } from "./resolver.ts";

export const Obstacle: Resolvers<"Obstacle"> = {
  features: async ({ features }) => {
    const { featureNamed } = await registry();
    return features.flatMap((id) => featureNamed(id) ?? []);
  },
};
