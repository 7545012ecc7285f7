import type { Fd } from "../ffi/fd.ts";
import { EPOLLIN, type Poller } from "../ffi/poller.ts";
import { connect, receiveMessage, sendMessage, socketPair } from "../ffi/socket.ts";
import { spawnSelf } from "../ffi/spawn.ts";
import type { Sys } from "../ffi/sys.ts";
import { ProberError } from "./prober_error.ts";

/** What the keeper answers to an order. */
type Reply = { readonly started?: number; readonly how?: string; readonly failed?: string };

/** The serving process's end of the talk with the keeper: one order after the other. */
export class KeeperLink {
  readonly #sys: Sys;
  readonly #poller: Poller;
  readonly #socket: Fd;
  readonly #orders: ((reply: Reply) => void)[] = [];
  #gone = false;

  private constructor(sys: Sys, poller: Poller, socket: Fd, gone: () => void) {
    this.#sys = sys;
    this.#poller = poller;
    this.#socket = socket;
    poller.add(socket.number, EPOLLIN, () => this.#read(gone));
  }

  /** Starts a keeper with the rights of this process. `gone` is called when it ends before us. */
  static start(sys: Sys, poller: Poller, socketFiles: readonly string[], gone: () => void): KeeperLink {
    const [ours, theirs] = socketPair(sys, "packet");
    using _theirs = theirs;
    spawnSelf(["cready", "keeper", "--", ...socketFiles], theirs.number);
    return new KeeperLink(sys, poller, ours, gone);
  }

  /** Asks a keeper that listens on a Unix socket, as that of cready-prober.socket. Throws `SysError`. */
  static connect(sys: Sys, poller: Poller, path: string, gone: () => void): KeeperLink {
    return new KeeperLink(sys, poller, connect(sys, { path }, "packet"), gone);
  }

  /** Starts a prober that talks on a socket; returns its pid. Rejects with `ProberError`. */
  async startProber(socket: Fd): Promise<number> {
    const { started, failed } = await this.#order("start", socket.number);
    if (started !== undefined) return started;
    throw new ProberError("PROBER_UNAVAILABLE", `The prober cannot be started: ${failed ?? "no answer"}`);
  }

  /** Kills a prober if it has not ended yet; says how it ended. */
  async endProber(pid: number): Promise<string> {
    return (await this.#order(`end ${pid}`)).how ?? "is gone";
  }

  /** Removes the sockets' files. */
  async removeFiles(): Promise<void> {
    await this.#order("remove");
  }

  #order(text: string, passed?: number): Promise<Reply> {
    if (this.#gone) return Promise.resolve({ failed: "the keeper is gone" });
    return new Promise((resolve) => {
      this.#orders.push(resolve);
      sendMessage(this.#sys, this.#socket.number, text, passed);
    });
  }

  #read(gone: () => void): void {
    let text: string | undefined;
    try {
      text = receiveMessage(this.#sys, this.#socket.number)?.text;
    } catch {
      text = undefined;
    }
    if (text !== undefined) return this.#orders.shift()?.(JSON.parse(text));
    this.#gone = true;
    this.#poller.remove(this.#socket.number);
    for (const resolve of this.#orders.splice(0)) resolve({ failed: "the keeper is gone" });
    gone();
  }
}
