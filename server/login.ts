import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import type { RequestHead } from "./http/message.ts";

const CODE_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789";
const CODE_LENGTH = 10;
const CODE_MS = 60_000;
/** Wrong tries until a code is worth nothing. */
const TRIES = 10;
const SESSION_MS = 12 * 3600 * 1000;
const SESSIONS = 16;

/** The browser's cookie. */
export const COOKIE = "cready_session";

/**
 * Who may ask over TCP: whoever knows the token, or has a session that was begun with a one-time code. Secrets are
 * kept and compared as hashes, in a time that tells nothing.
 */
export class Login {
  readonly #token: Uint8Array | null;
  readonly #sessions: { readonly hash: Uint8Array; readonly until: number }[] = [];
  #code: { readonly hash: Uint8Array; readonly until: number; tries: number } | null = null;

  /** With a bearer token, or with codes alone. */
  constructor(token: string | null) {
    this.#token = token === null ? null : hash(token);
  }

  /** Makes a code that is good once, for 60 s; the one before is worth nothing from now on. */
  newCode(): string {
    const letters = Array.from(randomBytes(CODE_LENGTH), (byte) => CODE_LETTERS[byte & 31]);
    const code = letters.join("");
    this.#code = { hash: hash(code), until: performance.now() + CODE_MS, tries: TRIES };
    return `${code.slice(0, 5)}-${code.slice(5)}`;
  }

  /** Uses a code up; returns the secret of a new session, or null where the code is wrong, used or expired. */
  redeem(typed: string): string | null {
    const given = hash(typed.toUpperCase().replaceAll(/[\s-]/g, ""));
    const code = this.#code;
    if (!code || performance.now() > code.until || code.tries <= 0) return null;
    code.tries--;
    if (!timingSafeEqual(given, code.hash)) return null;
    this.#code = null;
    const secret = randomBytes(32).toString("hex");
    if (this.#sessions.length >= SESSIONS) this.#sessions.shift();
    this.#sessions.push({ hash: hash(secret), until: performance.now() + SESSION_MS });
    return secret;
  }

  /** Whether a request has the token or a session. */
  knows({ headers }: RequestHead): boolean {
    const bearer = /^Bearer +([\x21-\x7e]+)$/i.exec(headers.get("authorization") ?? "");
    if (bearer) return this.#token !== null && timingSafeEqual(hash(bearer[1]!), this.#token);
    if (headers.has("authorization")) return false;
    const cookies = (headers.get("cookie") ?? "").split(/; */);
    const secret = cookies.find((one) => one.startsWith(`${COOKIE}=`))?.slice(COOKIE.length + 1);
    if (!secret) return false;
    const given = hash(secret), now = performance.now();
    // All are compared, so that the time does not tell which one it was.
    return this.#sessions.filter(({ hash, until }) => timingSafeEqual(given, hash) && now <= until).length > 0;
  }
}

function hash(text: string): Uint8Array {
  return createHash("sha256").update(text).digest();
}
