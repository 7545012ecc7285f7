import { type HttpResponse, REASONS } from "./message.ts";

/** The status line and the headers of an answer. */
export function headText(
  response: HttpResponse,
  framing: Readonly<Record<string, string>>,
  keepAlive: boolean,
): string {
  const { status, headers } = response;
  let text = `HTTP/1.1 ${status} ${REASONS[status] ?? "Unknown"}\r\ndate: ${httpDate()}\r\n`;
  for (const [name, value] of Object.entries({ ...headers, ...framing })) text += `${name}: ${value}\r\n`;
  return `${text}connection: ${keepAlive ? "keep-alive" : "close"}\r\n\r\n`;
}

let dateAt = 0, dateText = "";

/** The time as HTTP writes it, made once a second. */
function httpDate(): string {
  const now = Date.now();
  if (now - dateAt >= 1000) {
    dateAt = now - now % 1000;
    dateText = new Date(now).toUTCString();
  }
  return dateText;
}
