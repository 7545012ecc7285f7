/** The GraphQL documents that this page sends: the same text that it shows and gives to copy. */
import type { Scope } from "./model.ts";

const FINDING = `fragment Answer on Finding {
  feature { id }
  verdict
  reason
  evidence { call answer errno }
  remedies { cause why text command }
  criuDiffers { version verdict why }
  probedAt
  durationMs
}`;

/** The host, and what is known of every check; runs no probe. */
export const MACHINE = `query Machine {
  host {
    kernel
    architecture
    privilege { uid capabilities seccompFilters initialUserNamespace container }
  }
  categories { name number description }
  features { id criuName title category { name } subject since impact references }
}`;

/** Asks all checks of a scope: each answer as it comes, then the outcome. */
export function checkDocument(scope: Scope): string {
  return `subscription Check {
  check(scope: ${scope}) {
    __typename
    ...Answer
    ... on CheckReport { scope outcome sentence durationMs }
  }
}
${FINDING}`;
}

/** One check; an answer of the last minute will do, or not. */
export function featureDocument(id: string, maxAgeMs = 60_000): string {
  return `query Feature {
  feature(name: ${JSON.stringify(id)}) {
    id
    finding(maxAgeMs: ${maxAgeMs}) { ...Answer }
  }
}
${FINDING}`;
}
