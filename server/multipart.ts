import type { ExecutionResult } from "graphql";
import type { Plugin } from "graphql-yoga";

/** As clients ask for it: Apollo's multipart protocol for subscriptions over HTTP, version 1.0. */
const WANTED = /multipart\/mixed[^,]*subscriptionspec=["']?1\.0/i;
const TYPE = "multipart/mixed;boundary=graphql;subscriptionSpec=1.0";
/** A part without a payload tells the client that the server is there. */
const HEARTBEAT_MS = 12_000;
const START = "\r\n--graphql\r\nContent-Type: application/json\r\n\r\n";
const END = "\r\n--graphql--\r\n";

/** Answers subscriptions in parts, for clients that do not read server-sent events. */
export function multipartPlugin(): Plugin {
  return {
    onResultProcess({ request, result, setResultProcessor }) {
      if (!isStream(result) || !WANTED.test(request.headers.get("accept") ?? "")) return;
      setResultProcessor((events, fetchApi) => {
        const body = parts(events as unknown as AsyncIterable<ExecutionResult>);
        return new fetchApi.Response(body, { status: 200, headers: { "content-type": TYPE } });
      }, TYPE);
    },
  };
}

function isStream(result: unknown): result is AsyncIterable<ExecutionResult> {
  return typeof result === "object" && result !== null && Symbol.asyncIterator in result;
}

function parts(events: AsyncIterable<ExecutionResult>): ReadableStream<Uint8Array> {
  const iterator = events[Symbol.asyncIterator]();
  const encoder = new TextEncoder();
  let heart: ReturnType<typeof setInterval> | undefined;
  return new ReadableStream({
    start(controller) {
      // The client is told at once that it is subscribed.
      const beat = () => {
        if ((controller.desiredSize ?? 0) > 0) controller.enqueue(encoder.encode(`${START}{}`));
      };
      beat();
      heart = setInterval(beat, HEARTBEAT_MS);
    },
    async pull(controller) {
      const { done, value } = await iterator.next();
      if (!done) return controller.enqueue(encoder.encode(`${START}${JSON.stringify({ payload: value })}`));
      clearInterval(heart);
      controller.enqueue(encoder.encode(END));
      controller.close();
    },
    async cancel() {
      clearInterval(heart);
      await iterator.return?.();
    },
  });
}
