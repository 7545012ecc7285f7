/** A process ended, or its number was given to another one, while it was looked at. */
export class GoneError extends Error {
  override readonly name = "GoneError";
  constructor(readonly pid: number) {
    super(`Process ${pid} ended while it was looked at`);
  }
}
