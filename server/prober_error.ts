import { GraphQLError } from "graphql";

/** Why the prober did not answer. */
export type ProberFault = "PROBE_TIMEOUT" | "PROBER_DIED" | "PROBER_UNAVAILABLE";

/** The prober did not answer a question: an error of this request alone. */
export class ProberError extends GraphQLError {
  constructor(code: ProberFault, message: string) {
    super(message, { extensions: { code } });
  }
}
