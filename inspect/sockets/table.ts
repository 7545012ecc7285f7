import { AF_INET, AF_INET6, AF_NETLINK, AF_PACKET, AF_UNIX } from "../../ffi/uapi.ts";
import type { Tree } from "../tree.ts";
import {
  type DiagQuestion,
  type DiagSocket,
  inetQuestion,
  netlinkQuestion,
  packetQuestion,
  unixQuestion,
  type UnixSocket,
} from "./diag.ts";
import { askNet, isRefusal, type Net } from "./net.ts";

/** The sockets of the network namespaces that criu looks at, by inode; a family is asked for when one of it is wanted. */
export class SocketTable {
  readonly #tree: Tree;
  readonly #nets: readonly Net[];
  readonly #byInode = new Map<number, DiagSocket>();
  readonly #asked = new Map<string, string | null>();
  /** The same by family and protocol. */
  readonly #refused = new Map<number, string | null>();
  /** Which listener a client waits at that has not been accepted, by the client's inode. */
  readonly #listeners = new Map<number, UnixSocket>();

  constructor(tree: Tree) {
    this.#tree = tree;
    this.#nets = netsOf(tree);
  }

  /**
   * A socket by its inode; undefined where the kernel lists none: it is not bound, or lives in another namespace.
   * `{ refused }` where the kernel could not be asked for its kind.
   */
  find(ino: number, domain: number, protocol: number): DiagSocket | undefined | { readonly refused: string } {
    const known = this.#byInode.get(ino);
    if (known) return known;
    // Most that are not listed are of few kinds, and each of these was asked for already.
    const kind = domain << 16 | protocol;
    let refused = this.#refused.get(kind);
    if (refused === undefined) {
      const question = questionFor(domain, protocol);
      refused = question ? this.#ask(question) : null;
      this.#refused.set(kind, refused);
    }
    return this.#byInode.get(ino) ?? (refused === null ? undefined : { refused });
  }

  /** A unix socket by its inode. */
  unix(ino: number): UnixSocket | undefined {
    this.#ask(unixQuestion());
    const found = this.#byInode.get(ino);
    return found?.family === "UNIX" ? found : undefined;
  }

  /** The listener at which a client waits to be accepted. */
  listenerOf(client: number): UnixSocket | undefined {
    return this.#listeners.get(client);
  }

  /** Asks all namespaces once; the errno's name where one of them could not be asked, otherwise null. */
  #ask(question: DiagQuestion): string | null {
    const before = this.#asked.get(question.text);
    if (before !== undefined) return before;
    let refused: string | null = null;
    for (const net of this.#nets) {
      const answer = askNet(this.#tree.around, net, "NETLINK_SOCK_DIAG", question.message);
      if (isRefusal(answer)) {
        refused = answer.refused;
        continue;
      }
      for (const { body } of answer) {
        const socket = question.parse(body);
        if (socket) this.#add(socket);
      }
    }
    this.#asked.set(question.text, refused);
    return refused;
  }

  #add(socket: DiagSocket): void {
    this.#byInode.set(socket.ino, socket);
    if (socket.family !== "UNIX") return;
    for (const client of socket.icons) if (client !== 0) this.#listeners.set(client, socket);
  }
}

/** Of a tree in the namespace of the caller that one; otherwise those of all its tasks. */
export function netsOf(tree: Tree): readonly Net[] {
  const own = tree.around.caller.ns("net");
  const nets = new Map<number, Net>();
  if (!tree.dumps("net") && own !== null) nets.set(own, { inode: own, pid: null });
  for (const task of tree.living) {
    if (task.kernelThread) continue;
    const inode = task.ns("net");
    if (inode !== null && !nets.has(inode)) nets.set(inode, { inode, pid: inode === own ? null : task.pid });
  }
  return [...nets.values()];
}

/** Raw sockets are listed under one protocol; criu asks for no other ones than these. */
const INET_PROTOCOLS = [6, 17, 136, 255];

function questionFor(domain: number, protocol: number): DiagQuestion | undefined {
  switch (domain) {
    case AF_UNIX:
      return unixQuestion();
    case AF_INET:
    case AF_INET6:
      return INET_PROTOCOLS.includes(protocol) ? inetQuestion(domain === AF_INET ? 4 : 6, protocol) : undefined;
    case AF_PACKET:
      return packetQuestion();
    case AF_NETLINK:
      return netlinkQuestion();
  }
  return undefined;
}
