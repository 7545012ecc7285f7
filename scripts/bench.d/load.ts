/**
 * Loads a GraphQL server over HTTP and prints what it saw as one line of JSON:
 *
 *     deno run -A load.ts requests ADDRESS TOKEN CONNECTIONS SECONDS|COUNTx QUERY
 *     deno run -A load.ts subscriptions ADDRESS TOKEN AT_ONCE QUERY
 *     deno run -A load.ts drop ADDRESS TOKEN COUNT QUERY
 *
 * ADDRESS is 127.0.0.1:PORT, or the path of a Unix socket.
 */
const [kind, address = "", token = "", ...rest] = Deno.args;

function connect(): Promise<Deno.Conn> {
  const [hostname = "", port] = address.split(":");
  return address.startsWith("/")
    ? Deno.connect({ transport: "unix", path: address })
    : Deno.connect({ hostname, port: Number(port) });
}

function request(query: string, accept: string): Uint8Array<ArrayBuffer> {
  const body = JSON.stringify({ query });
  const host = address.startsWith("/") ? "localhost" : address;
  return new TextEncoder().encode(
    `POST /graphql HTTP/1.1\r\nhost: ${host}\r\nauthorization: Bearer ${token}\r\naccept: ${accept}\r\n` +
      `content-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
  );
}

async function sendAll(connection: Deno.Conn, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
  for (let at = 0; at < bytes.length;) at += await connection.write(bytes.subarray(at));
}

const percentile = (sorted: readonly number[], part: number) =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))];

/** Asks again and again on so many connections; each waits for its answer. */
async function requests(connections: number, how: string, query: string) {
  const bytes = request(query, "application/json");
  const count = how.endsWith("x") ? Number(how.slice(0, -1)) : Infinity;
  const start = performance.now(), end = count === Infinity ? start + Number(how) * 1000 : Infinity;
  let asked = 0, answered = 0, failed = 0;
  const times: number[] = [];
  await Promise.all(Array.from({ length: connections }, async () => {
    const connection = await connect();
    const buffer = new Uint8Array(1 << 18);
    while (asked < count && performance.now() < end) {
      asked++;
      const from = performance.now();
      await sendAll(connection, bytes);
      let have = 0, need = Infinity, status = "";
      while (have < need) {
        const size = await connection.read(buffer.subarray(have));
        if (size === null) throw new Error("the server closed the connection");
        have += size;
        if (need !== Infinity) continue;
        const text = new TextDecoder().decode(buffer.subarray(0, Math.min(have, 2048)));
        const head = text.indexOf("\r\n\r\n");
        const length = /content-length: (\d+)/i.exec(text)?.[1];
        if (head < 0 || length === undefined) continue;
        status = text.slice(9, 12);
        if (text.startsWith('{"errors"', head + 4)) status = "errors";
        need = head + 4 + Number(length);
      }
      times.push(performance.now() - from);
      if (status === "200") answered++;
      else failed++;
    }
    connection.close();
  }));
  times.sort((a, b) => a - b);
  const seconds = (performance.now() - start) / 1000;
  return { answered, failed, perSecond: answered / seconds, p50: percentile(times, 0.5), p99: percentile(times, 0.99) };
}

/** Opens so many subscriptions at once and counts the events of each until its end. */
async function subscriptions(atOnce: number, query: string) {
  const bytes = request(query, "text/event-stream");
  const start = performance.now();
  const first: number[] = [];
  const counts = await Promise.all(Array.from({ length: atOnce }, async () => {
    const connection = await connect();
    const from = performance.now();
    await sendAll(connection, bytes);
    const buffer = new Uint8Array(1 << 16), decoder = new TextDecoder();
    let text = "", seen = false;
    while (!text.includes("event: complete")) {
      const size = await connection.read(buffer);
      if (size === null) break;
      text += decoder.decode(buffer.subarray(0, size), { stream: true });
      if (!seen && text.includes("event: next")) {
        seen = true;
        first.push(performance.now() - from);
      }
    }
    connection.close();
    return text.split("event: next").length - 1;
  }));
  first.sort((a, b) => a - b);
  return {
    subscriptions: counts.length,
    fewestEvents: Math.min(...counts),
    mostEvents: Math.max(...counts),
    firstEventMs: percentile(first, 0.5),
    ms: performance.now() - start,
  };
}

/** Opens subscriptions one after the other and drops each when it is open. */
async function drop(count: number, query: string) {
  const bytes = request(query, "text/event-stream");
  const buffer = new Uint8Array(4096);
  let open = 0;
  for (let i = 0; i < count; i++) {
    const connection = await connect();
    await sendAll(connection, bytes);
    const size = await connection.read(buffer);
    if (new TextDecoder().decode(buffer.subarray(0, size ?? 0)).startsWith("HTTP/1.1 200")) open++;
    connection.close();
  }
  return { opened: open };
}

const result = kind === "requests"
  ? await requests(Number(rest[0]), rest[1]!, rest[2]!)
  : kind === "subscriptions"
  ? await subscriptions(Number(rest[0]), rest[1]!)
  : await drop(Number(rest[0]), rest[1]!);
console.log(JSON.stringify(result));
