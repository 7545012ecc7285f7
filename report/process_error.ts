/** Why there is no answer about a process: the caller's mistake, or it is not there (any more). */
export type ProcessFault = "BAD_USER_INPUT" | "PROCESS_GONE";

/** There is no answer about a process. */
export class ProcessError extends Error {
  override readonly name = "ProcessError";
  constructor(readonly code: ProcessFault, message: string) {
    super(message);
  }
}
