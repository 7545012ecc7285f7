/** The real program as a server of CRIU's RPC, and peers that talk to it packet by packet. */
import assert from "node:assert/strict";
import { SysError } from "../../ffi/errno.ts";
import type { Fd } from "../../ffi/fd.ts";
import { openLibc } from "../../ffi/libc.ts";
import { POLLIN, PollList } from "../../ffi/poll.ts";
import { connectTo, receive, seqpacketSocket } from "../../ffi/seqpacket.ts";
import { Sys } from "../../ffi/sys.ts";
import { MSG_DONTWAIT } from "../../ffi/uapi.ts";
import { decodeResponse, type Response } from "../../rpc/packet.ts";
import { BINARY, eventually, run, spawn } from "../cli/binary.ts";

const libc = openLibc();
/** System calls of the test itself. */
export const sys = new Sys(libc, []);
const list = new PollList(libc, 1);
// Libraries are opened now, and not by the first test that needs them, which would have to close them.
await list.wait(0);
libc.getenv("PATH");

const ANSWER_SECONDS = 30;
const ANSWER_LIMIT = 64 * 1024;
const EAGAIN = 11;

/** One line of the server's log. */
export interface Line {
  readonly event: string;
  readonly pid?: number;
  readonly uid?: number;
  readonly gid?: number;
  readonly request?: string | null;
  readonly success?: boolean | null;
  readonly message?: string | null;
  readonly signal?: string;
}

/** How a service is started. */
export interface ServiceStart {
  /** Beside `service --address PATH`. */
  readonly words?: readonly string[];
  /** Words before the program's own. */
  readonly through?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly path?: string;
  /** In place of dist/cready. */
  readonly program?: string;
}

/** A running `cready service`. */
export class Service implements AsyncDisposable {
  readonly log: Line[] = [];
  readonly #child: Deno.ChildProcess;
  readonly #drained: Promise<void>;
  readonly #folder: string;

  private constructor(child: Deno.ChildProcess, folder: string, readonly path: string) {
    this.#child = child;
    this.#folder = folder;
    this.#drained = this.#drain();
  }

  /** Starts it and waits until it listens, at `path`, or at one in a folder of its own. */
  static async start(
    { words = [], through = [], env = {}, path: given, program = BINARY }: ServiceStart = {},
  ): Promise<Service> {
    const folder = Deno.makeTempDirSync({ prefix: "cready-rpc-" });
    Deno.chmodSync(folder, 0o777);
    const path = given ?? `${folder}/criu.sock`;
    const argv = [...through, program, "service", "--address", path, ...words];
    const service = new Service(spawn(argv, crypto.randomUUID(), { env }), folder, path);
    try {
      await service.until("it listens", () => service.log.length > 0);
      assert.equal(service.log[0]!.event, "listening");
    } catch (error) {
      await service[Symbol.asyncDispose]();
      throw error;
    }
    return service;
  }

  get pid(): number {
    return this.#child.pid;
  }

  async #drain(): Promise<void> {
    // It writes nothing there; if it does, it is not held up.
    const stdout = this.#child.stdout.pipeTo(new WritableStream());
    let rest = "";
    for await (const chunk of this.#child.stderr.pipeThrough(new TextDecoderStream())) {
      const lines = (rest + chunk).split("\n");
      rest = lines.pop()!;
      for (const line of lines) this.log.push(line.startsWith("{") ? JSON.parse(line) : { event: line });
    }
    assert.equal(rest, "");
    await stdout;
  }

  /** Waits until something is so of its log. */
  until(what: string, holds: () => boolean): Promise<void> {
    return eventually(`${what}: ${this.path}`, holds, ANSWER_SECONDS);
  }

  /** Ends it by a signal; its exit code. */
  async end(signal: Deno.Signal = "SIGTERM"): Promise<number> {
    this.#child.kill(signal);
    const { code } = await this.#child.status;
    await this.#drained;
    return code;
  }

  /** Bytes of memory that it has in use. */
  memory(): number {
    return 1024 * Number(/^VmRSS:\s*(\d+)/m.exec(Deno.readTextFileSync(`/proc/${this.pid}/status`))![1]);
  }

  /** How many descriptors it has open. */
  descriptors(): number {
    return [...Deno.readDirSync(`/proc/${this.pid}/fd`)].length;
  }

  /** Lets it have so many descriptors beside those that it has now. */
  async spare(count: number): Promise<void> {
    const used = new Set([...Deno.readDirSync(`/proc/${this.pid}/fd`)].map(({ name }) => Number(name)));
    // The limit is on their numbers, and there are gaps between them.
    let limit = 0;
    for (let free = 0; free < count || used.has(limit); limit++) if (!used.has(limit)) free++;
    await this.limit(limit);
  }

  /** Its soft RLIMIT_NOFILE from now on. */
  async limit(soft: number): Promise<void> {
    const { code, stderr } = await run(["prlimit", `--pid=${this.pid}`, `--nofile=${soft}:`]);
    assert.equal(code, 0, stderr);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.#child.kill("SIGKILL");
    } catch {
      // it has ended
    }
    await this.#child.status;
    await this.#drained;
    Deno.removeSync(this.#folder, { recursive: true });
  }
}

/** One connection to a server. */
export class Peer implements Disposable {
  readonly #socket: Fd;

  private constructor(socket: Fd) {
    this.#socket = socket;
  }

  /** Connects; tries again while the server's queue is full. */
  static async connect(path: string): Promise<Peer> {
    const socket = seqpacketSocket(sys);
    const end = performance.now() + ANSWER_SECONDS * 1000;
    for (;;) {
      const result = connectTo(sys, socket, path);
      if (result === 0) return new Peer(socket);
      if (result !== -EAGAIN || performance.now() > end) throw new SysError("connect()", -result);
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
  }

  /** Sends one packet; false where there is no room for it, or the server has gone. */
  send(packet: Uint8Array | string): boolean {
    const bytes = typeof packet === "string" ? fromHex(packet) : packet;
    return this.sendResult(bytes) === bytes.length;
  }

  /** What sendto(2) answers. */
  sendResult(bytes: Uint8Array): number {
    const MSG_NOSIGNAL = 0x4000;
    const mark = sys.memory.mark();
    const at = sys.memory.store(bytes);
    const result = sys.try("sendto", this.#socket.number, at, bytes.length, MSG_DONTWAIT | MSG_NOSIGNAL, 0, 0);
    sys.memory.release(mark);
    return result;
  }

  get number(): number {
    return this.#socket.number;
  }

  /** The next packet; null when the server has closed the connection. Throws when neither comes in time. */
  async receive(): Promise<Uint8Array | null> {
    list.clear();
    list.add(this.#socket.number, POLLIN);
    const end = performance.now() + ANSWER_SECONDS * 1000;
    for (;;) {
      await list.wait(1000);
      try {
        const received = receive(sys, this.#socket, ANSWER_LIMIT);
        if (received.kind === "packet") return received.bytes;
        if (received.kind === "end") return null;
        assert.equal(received.kind, "nothing");
      } catch (error) {
        // It closed the connection before it read all that was sent.
        if (error instanceof SysError && error.code === "ECONNRESET") return null;
        throw error;
      }
      if (performance.now() > end) throw new Error(`no answer in ${ANSWER_SECONDS} s`);
    }
  }

  /** The next answer; null when there is none and the connection is closed. */
  async answer(): Promise<Response | null> {
    const bytes = await this.receive();
    if (bytes === null) return null;
    const response = decodeResponse(bytes);
    assert(response, "a packet that is no answer");
    return response;
  }

  [Symbol.dispose](): void {
    this.#socket[Symbol.dispose]();
  }
}

/** One question, one answer, on a connection of its own; null when the server closes it without. */
export async function ask(path: string, packet: Uint8Array | string): Promise<Response | null> {
  using peer = await Peer.connect(path);
  peer.send(packet);
  return await peer.answer();
}

/** Bytes from their hexadecimal form; blanks are for the reader. */
export function fromHex(text: string): Uint8Array {
  const digits = text.replaceAll(" ", "");
  return Uint8Array.from({ length: digits.length / 2 }, (_, i) => parseInt(digits.slice(i * 2, i * 2 + 2), 16));
}

/** Requests as CRIU's clients send them. */
export const PACKETS = {
  version: "08 0a",
  versionOfLibcriu: "08 0a 12 02 08 00",
  versionKeptOpen: "08 0a 20 01",
  check: "08 03",
  checkKeptOpen: "08 03 20 01",
  features: "08 09 2a 06 08 01 10 01 18 01",
  dump: "08 01 12 02 08 00",
} as const;
