/**
 * Why there is no answer about a process: the caller's mistake; it is not there (any more); or it is there, and its tree
 * cannot be looked at, such as one that changes faster than that.
 */
export type ProcessFault = "BAD_USER_INPUT" | "PROCESS_GONE" | "PROCESS_UNREADABLE";

/** There is no answer about a process. */
export class ProcessError extends Error {
  override readonly name = "ProcessError";
  constructor(readonly code: ProcessFault, message: string) {
    super(message);
  }
}
