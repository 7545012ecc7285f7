/** The GraphQL documents that this page sends: the same text that it shows and gives to copy. */
import type { Scope } from "./model.ts";
import type { PlanEngine } from "./process_model.ts";

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

/** Trees of processes by their roots' pids, after the one with an id. */
export function processesDocument(after: string | null, first = 1000): string {
  return `query Processes {
  processes(first: ${first}${after === null ? "" : `, after: ${JSON.stringify(after)}`}) {
    id
    pid
    name
    uid
    cgroup
  }
}`;
}

const INSPECTION = `fragment Seen on Inspection {
  process { id pid name uid cgroup threads ...Children }
  dump
  restore
  command
  options {
    text
    effect
    instead
    obstacles(first: 10) { process { pid } subject }
    obstaclesTotal
  }
  obstacles {
    rule
    stage
    effect
    process { id pid name }
    subject
    reason
    message
    options
    features { id }
    remedy
  }
  obstaclesTotal
  unreadable { path errno needs }
  assumptions
  criu { version path }
  engine
  tasks
  durationMs
}`;

const CHILDREN = `fragment Children on Process {
  children { id pid name threads children { id } }
}`;

/** Which process an id, or a pid alone, means. */
function meant(id: string): string {
  return id.includes("@") ? `{ id: ${JSON.stringify(id)} }` : `{ pid: ${Number(id)} }`;
}

function planned(engine: PlanEngine): string {
  return engine === "CRIU" ? "" : `plan: { engine: ${engine} }`;
}

/** A process and what its inspection says. */
export function processDocument(id: string, engine: PlanEngine): string {
  const plan = planned(engine);
  return `query Process {
  process(by: ${meant(id)}) {
    inspection${plan && `(${plan})`} { ...Seen }
  }
}
${INSPECTION}
${CHILDREN}`;
}

/** The same now, and again whenever it says something else, until the process ends. */
export function watchDocument(id: string, engine: PlanEngine): string {
  const plan = planned(engine);
  return `subscription Watch {
  inspection(by: ${meant(id)}${plan && `, ${plan}`}, everySeconds: 2) { ...Seen }
}
${INSPECTION}
${CHILDREN}`;
}

/** The children of a process. */
export function childrenDocument(id: string): string {
  return `query Children {
  process(by: ${meant(id)}) { ...Children }
}
${CHILDREN}`;
}
