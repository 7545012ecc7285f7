/** GraphQL over HTTP, and over server-sent events, of the server that this page came from. */

/** Why there is no answer; `code` is the server's, UNREACHABLE, or CUT for a stream that ended too early. */
export class Fault extends Error {
  readonly code: string;
  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

/** The data of one answer. Throws `Fault`. */
export async function ask<T>(document: string, signal?: AbortSignal): Promise<T> {
  const response = await post(document, "application/graphql-response+json, application/json", signal);
  return dataOf<T>(await reading(response.text()));
}

/** The data of each event of a subscription, until it is complete. Throws `Fault`. */
export async function* watch<T>(document: string, signal?: AbortSignal): AsyncGenerator<T> {
  const response = await post(document, "text/event-stream", signal);
  if (!response.body || !response.headers.get("content-type")?.startsWith("text/event-stream")) {
    dataOf(await reading(response.text()));
    throw new Fault("CUT", "The server did not answer with a stream.");
  }
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  try {
    for (let text = "";;) {
      const { done, value } = await reading(reader.read());
      if (done) throw new Fault("CUT", "The connection was cut before all was asked.");
      text += value;
      for (let end; (end = text.indexOf("\n\n")) >= 0; text = text.slice(end + 2)) {
        const block = text.slice(0, end);
        if (block.startsWith("event: complete")) return;
        if (block.startsWith("event: next")) yield dataOf<T>(block.slice(block.indexOf("data: ") + 6));
      }
    }
  } finally {
    await reader.cancel().catch(() => {});
  }
}

async function post(query: string, accept: string, signal?: AbortSignal): Promise<Response> {
  const response = await reading(fetch("/graphql", {
    method: "POST",
    headers: { accept, "content-type": "application/json" },
    body: JSON.stringify({ query }),
    ...(signal ? { signal } : {}),
  }));
  if (response.status === 401) {
    location.assign(`/login${location.hash}`);
    throw new Fault("UNAUTHENTICATED", "The login has expired.");
  }
  return response;
}

/** A promise of the network's; what it rejects with says nothing to people. */
async function reading<T>(promise: Promise<T>): Promise<T> {
  try {
    return await promise;
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new Fault("UNREACHABLE", "cready serve does not answer. It may have been stopped.");
  }
}

function dataOf<T>(text: string): T {
  let answer: {
    readonly data?: T | null;
    readonly errors?: readonly { readonly message: string; readonly extensions?: { readonly code?: string } }[];
  };
  try {
    answer = JSON.parse(text);
  } catch {
    throw new Fault("BAD_ANSWER", "The answer cannot be read. Is this still cready serve?");
  }
  const error = answer.errors?.[0];
  if (error) throw new Fault(error.extensions?.code ?? "UNKNOWN", error.message);
  if (!answer.data) throw new Fault("BAD_ANSWER", "The answer has no data. Is this still cready serve?");
  return answer.data;
}
