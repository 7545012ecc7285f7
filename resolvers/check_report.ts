import type { Resolvers } from "./resolver.ts";

export const CheckReport: Resolvers<"CheckReport"> = {
  findings: ({ findings }, { verdict }) => verdict ? findings.filter((one) => one.verdict === verdict) : findings,
};
