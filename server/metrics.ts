import { fleetRecord } from "../report/fleet.ts";
import { prometheusText } from "../report/prometheus.ts";
import type { Answers, Report } from "./answers.ts";
import { type Door, pathOf, turnAway } from "./door.ts";
import type { Exchange, Handler } from "./http/handler.ts";
import {
  errorResponse,
  type HttpFault,
  type HttpRequest,
  type HttpResponse,
  type RequestHead,
} from "./http/message.ts";
import { LIMITS } from "./limits.ts";
import { within } from "./within.ts";

/** The one path of `--metrics-listen`. */
export const METRICS_PATH = "/metrics";
/** So long all who ask share one look at the machine: nobody makes it look more often, however often they ask. */
export const METRICS_AGE_MS = 10_000;

const TEXT_TYPE = { "content-type": "text/plain; version=0.0.4; charset=utf-8", "cache-control": "no-store" };
const METHODS: readonly string[] = ["GET", "HEAD"];

/** Answers Prometheus: the gauges of `cready export prometheus`, and nothing else. Nobody logs in. */
export class MetricsHandler implements Handler {
  readonly #answers: Pick<Answers, "report">;
  readonly #door: Door;
  readonly #requestMs: number;
  readonly #done: (exchange: Exchange) => void;
  #looked: { readonly at: number; readonly report: Promise<Report> } | undefined;

  constructor(
    answers: Pick<Answers, "report">,
    hosts: ReadonlySet<string>,
    requestMs: number,
    done: (exchange: Exchange) => void,
  ) {
    this.#answers = answers;
    this.#door = { hosts, login: null, processes: false };
    this.#requestMs = requestMs;
    this.#done = done;
  }

  refuse(head: RequestHead): HttpResponse | undefined {
    const away = turnAway(this.#door, head);
    if (away) return away;
    if (pathOf(head) !== METRICS_PATH) {
      return errorResponse(404, "NOT_FOUND", `There is nothing at this path; the gauges are at ${METRICS_PATH}`);
    }
    if (METHODS.includes(head.method)) return undefined;
    return errorResponse(405, "METHOD_NOT_ALLOWED", `This path takes ${METHODS.join(" and ")}`, {
      allow: METHODS.join(", "),
    });
  }

  async answer(_request: HttpRequest): Promise<HttpResponse> {
    let looked: Report;
    try {
      looked = await within(this.#report(), this.#requestMs);
    } catch {
      // No old gauges: Prometheus shall see that it got none.
      const { status, code } = LIMITS.request;
      return errorResponse(status, code, "The prober gave no report");
    }
    const { report, durationMs } = looked;
    return { status: 200, headers: TEXT_TYPE, body: prometheusText(fleetRecord(report, durationMs)) };
  }

  fault({ status, code, message }: HttpFault): HttpResponse {
    return errorResponse(status, code, message);
  }

  done(exchange: Exchange): void {
    this.#done(exchange);
  }

  /** The last report, or the next where it is too old or there was none. */
  #report(): Promise<Report> {
    const now = performance.now();
    if (this.#looked && now - this.#looked.at <= METRICS_AGE_MS) return this.#looked.report;
    const looked = { at: now, report: this.#answers.report() };
    this.#looked = looked;
    looked.report.catch(() => {
      if (this.#looked === looked) this.#looked = undefined;
    });
    return looked.report;
  }
}
