/** A file of /proc does not have the form that its manual page gives. */
export class ProcParseError extends SyntaxError {
  override readonly name = "ProcParseError";
  constructor(
    /** The file's name, such as `stat`. */
    readonly file: string,
    /** What was expected, and what stands there. */
    readonly expected: string,
  ) {
    super(`Cannot parse ${file}: ${expected}`);
  }
}
