import type { Resolvers } from "./resolver.ts";

export const Host: Resolvers<"Host"> = {
  criu: (_, _args, { ask }) => ask.criu(),
  cpuCompatId: (_, _args, { ask }) => ask.cpuCompatId(),
};
