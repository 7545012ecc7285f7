import { errorResponse, type HttpRequest, type HttpResponse } from "./http/message.ts";
import { COOKIE, type Login } from "./login.ts";

/** What every page of this server is sent with: it loads nothing from anywhere else, and nobody frames it. */
export const PAGE_HEADERS: Readonly<Record<string, string>> = {
  "content-type": "text/html; charset=utf-8",
  "content-security-policy":
    "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self' data:; font-src 'self'; " +
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
  // Not no-referrer: with it a browser calls the origin of its login form "null".
  "referrer-policy": "same-origin",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "cache-control": "no-store",
};

const STYLE = `:root { color-scheme: light dark; font: 0.9375rem/1.5 system-ui, sans-serif; }
body { margin: 10vh auto; max-width: 24rem; padding: 0 1rem; background: #f4f6f7; color: #1a2127; }
label, input, button { display: block; width: 100%; box-sizing: border-box; font: inherit; }
input, button { border: 1px solid #76838d; border-radius: 4px; padding: .5rem; }
input { margin: .5rem 0 1rem; background: #fff; color: inherit; font-family: ui-monospace, monospace; letter-spacing: .1em; }
button { background: #0a569c; color: #fff; font-weight: 600; cursor: pointer; }
:focus-visible { outline: 2px solid #0a569c; outline-offset: 2px; }
[role=alert] { font-weight: bold; }
@media (prefers-color-scheme: dark) {
  body { background: #14191d; color: #e4e9ec; }
  input { background: #1c2329; }
  button { background: #82bdf2; color: #14191d; }
  :focus-visible { outline-color: #82bdf2; }
}
`;

/** GET /login.css. */
export function loginStyle(): HttpResponse {
  return { status: 200, headers: { ...PAGE_HEADERS, "content-type": "text/css; charset=utf-8" }, body: STYLE };
}

/** GET /login: a form for the one-time code. It has no action, so that a browser keeps the place in the page (`#…`). */
export function loginPage(status = 200, fault = ""): HttpResponse {
  const alert = fault ? `<p role="alert">${fault}</p>\n` : "";
  const body = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>cready: log in</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/login.css">
<main>
<h1>cready</h1>
${alert}<form method="post">
<label for="code">One-time code, as cready serve printed it</label>
<input id="code" name="code" autocomplete="one-time-code" autocapitalize="characters" spellcheck="false" required autofocus>
<button>Log in</button>
</form>
<p>A code is good once, for 60 seconds. <code>kill -USR1</code> makes cready serve print a new one.</p>
</main>
</html>
`;
  return { status, headers: PAGE_HEADERS, body, ...(status === 200 ? {} : { code: "LOGIN_CODE_INVALID" }) };
}

/** POST /login: gives a cookie for a code. */
export function logIn(login: Login, request: HttpRequest): HttpResponse {
  const type = (request.headers.get("content-type") ?? "").split(";")[0]!.trim().toLowerCase();
  if (type !== "application/x-www-form-urlencoded") {
    return errorResponse(415, "UNSUPPORTED_MEDIA_TYPE", "The form is sent as application/x-www-form-urlencoded");
  }
  const code = new URLSearchParams(new TextDecoder().decode(request.body)).get("code") ?? "";
  const secret = login.redeem(code);
  if (secret === null) return loginPage(403, "That code is wrong, used, or older than 60 seconds.");
  return {
    status: 303,
    headers: {
      location: "/",
      "set-cookie": `${COOKIE}=${secret}; Path=/; HttpOnly; SameSite=Strict; Max-Age=43200`,
      "cache-control": "no-store",
    },
    body: "",
  };
}
