/** A program that is asked by `swrk FD`, packet by packet. */
import { ending, INHERITED, runProgram } from "../../ffi/command.ts";
import { SysError } from "../../ffi/errno.ts";
import { receive, send, seqpacketPair } from "../../ffi/seqpacket.ts";
import { decodeResponse, type Response } from "../../rpc/packet.ts";
import { fromHex, sys } from "./service.ts";

const CALL_MS = 30_000;

/** What came of it. */
export interface Swrk {
  readonly answers: readonly Response[];
  /** Such as `exit code 0`. */
  readonly end: string;
  /** stdout and stderr. */
  readonly output: string;
}

/** Sends the packets, closes the sending direction, lets the program run to its end, and reads what it answered. */
export function swrk(program: string, words: readonly string[], packets: readonly string[]): Swrk {
  const [ours, theirs] = seqpacketPair(sys);
  try {
    for (const packet of packets) send(sys, ours, fromHex(packet));
    const SHUT_WR = 1;
    sys.call("shutdown", ours.number, SHUT_WR);
    const { status, output } = runProgram(sys, program, ["swrk", ...words, String(INHERITED)], {
      timeoutMs: CALL_MS,
      withErrors: true,
      inherited: theirs.number,
    });
    theirs[Symbol.dispose]();
    const answers: Response[] = [];
    try {
      for (;;) {
        const received = receive(sys, ours, 64 * 1024);
        if (received.kind !== "packet") break;
        const response = decodeResponse(received.bytes);
        if (!response) throw new Error("a packet that is no answer");
        answers.push(response);
      }
    } catch (error) {
      // It left something unread.
      if (!(error instanceof SysError)) throw error;
    }
    return { answers, end: ending(status), output };
  } finally {
    ours[Symbol.dispose]();
    theirs[Symbol.dispose]();
  }
}
