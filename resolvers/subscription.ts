import { planAsked, refAsked } from "../report/process_request.ts";
import { atMost, checked } from "./argument.ts";
import type { Subscribers } from "./resolver.ts";

const DAY_SECONDS = 86_400;

export const Subscription: Subscribers = {
  check: {
    subscribe: (_, { scope }, { ask }) => ask.watch(scope),
    resolve: (event) => event,
  },
  changes: {
    subscribe: (_, { scope, everySeconds }, { ask }) =>
      ask.changes(scope, atMost("everySeconds", everySeconds, 1, DAY_SECONDS)),
    resolve: (finding) => finding,
  },
  inspection: {
    subscribe: (_, { by, plan, everySeconds }, { ask }) =>
      ask.inspections(
        checked(() => refAsked(by)),
        checked(() => planAsked(plan)),
        atMost("everySeconds", everySeconds, 1, DAY_SECONDS),
      ),
    resolve: (inspection) => inspection,
  },
};
