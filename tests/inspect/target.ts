import { PATH, ROOT } from "../cli/binary.ts";

/** A process of tests/inspect/target.py; `await using` ends it and all that came of it. */
export class Target implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #lines: ReadableStreamDefaultReader<string>;
  #errors = "";
  readonly #drained: Promise<void>;

  private constructor(child: Deno.ChildProcess, lines: ReadableStreamDefaultReader<string>, readonly pid: number) {
    this.#child = child;
    this.#lines = lines;
    this.#drained = this.#drain();
  }

  async #drain(): Promise<void> {
    for await (const part of this.#child.stderr.pipeThrough(new TextDecoderStream())) this.#errors += part;
  }

  /** Starts a process and waits until it is as it should be. */
  static async start(name: string): Promise<Target> {
    const child = new Deno.Command("python3", {
      args: [`${ROOT}/tests/inspect/target.py`, name],
      clearEnv: true,
      env: { PATH, LC_ALL: "C" },
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    const lines = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
    let text = "";
    while (!text.includes("\n")) {
      const { value, done } = await lines.read();
      if (done) throw new Error(`target ${name} ended at once`);
      text += value;
    }
    return new Target(child, lines, Number(text));
  }

  /** What it has written to its standard error. */
  get errors(): string {
    return this.#errors;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#child.stdin.close();
    await this.#lines.cancel();
    await this.#child.status;
    await this.#drained;
  }
}
