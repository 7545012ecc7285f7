import { ending, INHERITED, runProgram } from "../ffi/command.ts";
import { SysError, TimeoutError } from "../ffi/errno.ts";
import type { Fd } from "../ffi/fd.ts";
import { receive, type Received, send, seqpacketPair } from "../ffi/seqpacket.ts";
import { DeathError } from "../ffi/subject.ts";
import type { Sys } from "../ffi/sys.ts";
import { visible } from "../report/text.ts";
import { decodeResponse, encodeQuestion, type Question, type Response } from "./packet.ts";

/** One call of criu takes less than a second; one that hangs is killed, in milliseconds. */
const CALL_MS = 10_000;
/** An answer to a check is some bytes; criu's messages are short. */
const ANSWER_LIMIT = 40 * 1024;

/** What a program answered, or why nothing. */
export type Answer =
  | { readonly response: Response; readonly exit: string | null; readonly words: string }
  | { readonly response: null; readonly why: string; readonly hung: boolean };

/** What a command line came to. */
export type CommandAnswer =
  | { readonly code: number; readonly words: string }
  | { readonly code: null; readonly why: string; readonly hung: boolean };

/**
 * Starts `PATH swrk FD` and puts one question to it, as CRIU's client libraries do; never throws for what the program
 * does. `exit` says how it ended where that is not well: clients take that for a failure too. `words` is its first error.
 */
export function askBySwrk(sys: Sys, path: string, question: Question): Answer {
  const mark = sys.memory.mark();
  const [ours, theirs] = seqpacketPair(sys);
  try {
    // It waits in the socket until the program reads it, and the answer until the program has ended.
    send(sys, ours, encodeQuestion(question));
    const { status, output } = runProgram(sys, path, ["swrk", String(INHERITED)], {
      timeoutMs: CALL_MS,
      withErrors: true,
      inherited: theirs.number,
    });
    const well = status.kind === "exited" && status.code === 0;
    const last = lastWords(output);
    theirs[Symbol.dispose]();
    const received = whatCame(sys, ours);
    const response = received.kind === "packet" ? decodeResponse(received.bytes) : null;
    if (response) return { response, exit: well ? null : ending(status), words: firstError(output) };
    const what = received.kind === "packet" || received.kind === "oversize"
      ? "a packet that is no answer"
      : "no answer";
    return { response: null, why: `${what}; it ended with ${ending(status)}${last ? `: ${last}` : ""}`, hung: false };
  } catch (error) {
    return { response: null, ...failure(error) };
  } finally {
    ours[Symbol.dispose]();
    theirs[Symbol.dispose]();
    sys.memory.release(mark);
  }
}

/** It never read the question: then the kernel says ECONNRESET once. */
function whatCame(sys: Sys, ours: Fd): Received {
  try {
    return receive(sys, ours, ANSWER_LIMIT);
  } catch (error) {
    if (error instanceof SysError) return { kind: "end" };
    throw error;
  }
}

/** Runs one command line of the program; never throws for what it does. */
export function askByCommand(sys: Sys, path: string, args: readonly string[]): CommandAnswer {
  try {
    const { status, output } = runProgram(sys, path, args, { timeoutMs: CALL_MS, withErrors: true });
    if (status.kind === "killed") return { code: null, why: `it ended with ${ending(status)}`, hung: false };
    return { code: status.code, words: output };
  } catch (error) {
    return { code: null, ...failure(error) };
  }
}

function failure(error: unknown): { why: string; hung: boolean } {
  if (error instanceof TimeoutError) return { why: `no answer in ${error.waitedMs / 1000} s`, hung: true };
  if (error instanceof SysError || error instanceof DeathError) return { why: visible(error.message), hung: false };
  throw error;
}

/**
 * The first line that criu marks as an error and that says what: what follows it are its consequences, and that a
 * helper ended (`exited, status=1`) often is none. Empty where there is none.
 */
function firstError(output: string): string {
  const errors = output.split("\n").filter((line) => /Error/.test(line));
  const line = errors.find((one) => !/exited, status=\d+/.test(one)) ?? errors[0] ?? "";
  return visible(line.trim()).slice(0, 200);
}

/** The last line that criu marks as an error, else the last one. */
export function lastWords(output: string): string {
  const lines = output.trim().split("\n");
  return visible((lines.findLast((line) => /Error/.test(line)) ?? lines.at(-1) ?? "").trim()).slice(0, 200);
}
