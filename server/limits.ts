/** One limit of `cready serve`. */
export interface Limit {
  /** What one unit is. */
  readonly unit: "bytes" | "ms" | "";
  readonly value: number;
  /** HTTP status of a request that goes beyond; 200 where the answer is an ordinary one with an error in it. */
  readonly status: number | null;
  /** The error's `extensions.code`; null where the connection is closed without an answer. */
  readonly code: string | null;
  /** One sentence without a full stop. */
  readonly help: string;
}

/** Every limit by its name for --limit; docs/serve.md has the same table. */
export const LIMITS = {
  "connections": {
    unit: "",
    value: 1024,
    status: 503,
    code: "TOO_MANY_CONNECTIONS",
    help: "open connections",
  },
  "head": {
    unit: "bytes",
    value: 16_384,
    status: 431,
    code: "HEADERS_TOO_LARGE",
    help: "request line and headers, of which there may be 64",
  },
  "body": { unit: "bytes", value: 65_536, status: 413, code: "BODY_TOO_LARGE", help: "body of a request" },
  "arrival": {
    unit: "ms",
    value: 10_000,
    status: 408,
    code: "REQUEST_TOO_SLOW",
    help: "from the first byte of a request to its last",
  },
  "idle": {
    unit: "ms",
    value: 60_000,
    status: null,
    code: null,
    help: "between two requests of a connection",
  },
  "stall": {
    unit: "ms",
    value: 30_000,
    status: null,
    code: null,
    help: "how long a client may read nothing of what waits for it",
  },
  "requests": {
    unit: "",
    value: 256,
    status: 503,
    code: "TOO_MANY_REQUESTS",
    help: "requests that are being answered; subscriptions are counted apart",
  },
  "subscriptions": {
    unit: "",
    value: 256,
    status: 503,
    code: "TOO_MANY_SUBSCRIPTIONS",
    help: "subscriptions at the same time",
  },
  "request": {
    unit: "ms",
    value: 30_000,
    status: 504,
    code: "REQUEST_TIMEOUT",
    help: "time to answer a request; a subscription may last",
  },
  "tokens": {
    unit: "",
    value: 2000,
    status: 400,
    code: "QUERY_TOO_LONG",
    help: "tokens of a document, counted before it is parsed",
  },
  "depth": {
    unit: "",
    value: 12,
    status: 400,
    code: "QUERY_TOO_DEEP",
    help: "fields within fields; introspection does not count",
  },
  "aliases": { unit: "", value: 100, status: 400, code: "QUERY_HAS_TOO_MANY_ALIASES", help: "aliases of a document" },
  "cost": {
    unit: "",
    value: 10_000,
    status: 400,
    code: "QUERY_TOO_COSTLY",
    help:
      "fields of the answer, each as often as its lists may be long, an inspection as 20; introspection does not count",
  },
  "obstacles": {
    unit: "",
    value: 1000,
    status: null,
    code: null,
    help: "obstacles of one inspection, the first in criu's order of work",
  },
  "probe": {
    unit: "ms",
    value: 10_000,
    status: 200,
    code: "PROBE_TIMEOUT",
    help:
      "time until the prober has the next finding, or an answer about processes; then it is killed and started again",
  },
  "probers": {
    unit: "",
    value: 4,
    status: null,
    code: null,
    help: "prober processes; questions beyond wait",
  },
} as const satisfies Readonly<Record<string, Limit>>;

export type LimitName = keyof typeof LIMITS;

/** The limits in force. */
export type Limits = Readonly<Record<LimitName, number>>;

/** The defaults. */
export function defaultLimits(): Record<LimitName, number> {
  const names = Object.keys(LIMITS) as LimitName[];
  return Object.fromEntries(names.map((name) => [name, LIMITS[name].value])) as Record<LimitName, number>;
}
