import { planAsked } from "../report/process_request.ts";
import { checked } from "./argument.ts";
import type { Resolvers } from "./resolver.ts";

export const Process: Resolvers<"Process"> = {
  children: ({ id, children }, _args, { ask }) => children ?? ask.children(id),
  inspection: ({ id }, { plan }, { ask }) => ask.inspection(id, checked(() => planAsked(plan))),
};
