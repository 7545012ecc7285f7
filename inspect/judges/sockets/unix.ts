import { decodeBytes } from "../../../ffi/bytes.ts";
import { Fd } from "../../../ffi/fd.ts";
import { readLink } from "../../../ffi/files.ts";
import type { Sys } from "../../../ffi/sys.ts";
import { scmFds } from "../../../proc/fdinfo.ts";
import { borrow, isRefused } from "../../borrow.ts";
import { isExternal } from "../../external.ts";
import { withoutDeleted } from "../../named_file.ts";
import { argumentsOf, given } from "../../plan.ts";
import type { Report } from "../../report.ts";
import { TCP, type UnixSocket } from "../../sockets/diag.ts";
import { hasControlMessages } from "../../sockets/options.ts";
import type { SocketTable } from "../../sockets/table.ts";
import type { Tree } from "../../tree.ts";
import { judgePassed } from "../passed.ts";
import type { TreeSocket } from "../sockets.ts";
import { reportUnlisted } from "./unlisted.ts";

const SOCK_DGRAM = 2;
/** ioctl of a bound unix socket: a descriptor of its file, opened with O_PATH (linux/un.h). */
const SIOCUNIXFILE = 0x89e0;
const SHUTDOWN_BOTH = 3;
/** Unix sockets, and who is at their other ends. */
export class UnixJudge {
  readonly #tree: Tree;
  readonly #report: Report;
  readonly #table: SocketTable;
  /** Inodes of the sockets that criu will have dumped. */
  readonly #inside: Set<number>;
  readonly #withPeer: { readonly socket: TreeSocket; readonly found: UnixSocket; readonly peer: UnixSocket }[] = [];

  constructor(tree: Tree, report: Report, table: SocketTable, sockets: readonly TreeSocket[]) {
    this.#tree = tree;
    this.#report = report;
    this.#table = table;
    this.#inside = new Set(sockets.map(({ ino }) => ino));
  }

  judge(socket: TreeSocket): void {
    const { file, ino, options } = socket;
    const seen = { task: file.task, subject: `fd ${file.fd}` };
    const found = this.#table.find(ino, options.domain, 0);
    if (found !== undefined && "refused" in found) {
      return reportUnlisted(this.#tree, this.#report, socket, found.refused);
    }
    if (found === undefined || found.family !== "UNIX") {
      return this.#report.add({
        ...seen,
        rule: "sock-foreign-netns",
        reason: "it was made in a network namespace that criu does not look at",
        message: "Unix socket",
        values: [ino],
      });
    }
    if (found.name !== null) this.#relative(socket, found.name);
    if (found.rqueue !== 0 && found.state !== TCP.LISTEN) this.#queue(socket);
    if (found.peer !== 0) this.#connected(socket, found);
    else if (found.state === TCP.ESTABLISHED && found.type !== SOCK_DGRAM) this.#alone(socket, found);
    else if (found.state === TCP.LISTEN && found.icons.includes(0)) {
      this.#report.add({
        ...seen,
        rule: "unix-inflight-closed",
        reason: `a client of ${nameOf(found)} was closed before it was accepted`,
        values: [ino],
      });
    }
  }

  /** One that was bound to a relative name: criu cuts it from the end of the path that its file has now. */
  #relative({ file }: TreeSocket, bytes: Uint8Array): void {
    const SLASH = 0x2f;
    if (bytes.length === 0 || bytes[0] === 0 || bytes[0] === SLASH) return;
    const { sys } = this.#tree.around;
    const path = borrow(sys, file.task, file.fd, (fd) => pathOf(sys, fd));
    if (path === null || isRefused(path)) return;
    const name = decodeBytes(bytes).replace(/\0+$/, "");
    if (path.endsWith(`/${name.replace(/^\.\//, "")}`)) return;
    this.#report.add({
      rule: "unix-relative-path",
      task: file.task,
      subject: `fd ${file.fd}`,
      effect: "REFUSED",
      reason: `it was bound to ${name}, and its file is ${path} now`,
      values: [name, path],
    });
  }

  #connected(socket: TreeSocket, found: UnixSocket): void {
    const { file, ino } = socket;
    const seen = { task: file.task, subject: `fd ${file.fd}` };
    const peer = this.#table.unix(found.peer);
    if (!peer) {
      return this.#report.add({
        ...seen,
        rule: "unix-peer-missing",
        reason: `its peer, socket ${found.peer}, lives in another network namespace`,
        values: [ino, found.peer],
      });
    }
    if (peer.peer !== ino && peer.name === null) {
      return this.#report.add({
        ...seen,
        rule: "unix-peer-unreachable",
        reason: `its peer, socket ${peer.ino}, has no name and is not connected to it`,
        values: [ino, peer.ino, peer.peer],
      });
    }
    this.#withPeer.push({ socket, found, peer });
    if (found.type !== SOCK_DGRAM) {
      this.#report.assume(
        "no program asks who is at the other end of a unix socket (SO_PEERCRED): after a restore that is the restoring task",
      );
    }
  }

  /** Connected, and without a peer: it waits to be accepted, or the other end is closed. */
  #alone({ file, ino }: TreeSocket, found: UnixSocket): void {
    const seen = { task: file.task, subject: `fd ${file.fd}` };
    const listener = this.#table.listenerOf(ino);
    if (!listener) {
      if (found.shutdown === SHUTDOWN_BOTH) return;
      return this.#report.add({
        ...seen,
        rule: "unix-dangling",
        reason: "it is connected to nobody, and neither closed nor waiting to be accepted",
        values: [ino],
      });
    }
    if (found.wqueue !== 0) {
      return this.#report.add({
        ...seen,
        rule: "unix-inflight-data",
        reason: `it has sent data to ${nameOf(listener)}, which has not accepted it yet`,
        values: [ino],
      });
    }
    if (this.#inside.has(listener.ino)) return;
    this.#report.add({
      ...seen,
      rule: "unix-inflight-outside",
      reason: `${nameOf(listener)} outside of the tree has not accepted it yet`,
      values: [listener.ino, ino],
    });
  }

  /** What waits to be read: criu reads it without taking it out, and keeps data and descriptors only. */
  #queue({ file }: TreeSocket): void {
    const { sys } = this.#tree.around;
    const subject = `fd ${file.fd}`;
    const withMore = borrow(sys, file.task, file.fd, (fd) => hasControlMessages(sys, fd));
    if (isRefused(withMore)) {
      this.#report.unknown("unix-queue-creds", file.task, subject, `it cannot be asked: ${withMore.refused}`);
    } else if (withMore) {
      this.#report.add({
        rule: "unix-queue-creds",
        task: file.task,
        subject,
        reason: "data waits in it, and comes with credentials (SO_PASSCRED or the like)",
      });
    }
    for (const ino of judgePassed(this.#tree, this.#report, file, scmFds(file.info ?? ""))) this.#inside.add(ino);
  }

  /** Those whose peers are not part of the dump; after all others, as criu does. */
  external(): void {
    for (const { socket, found, peer } of this.#withPeer) {
      if (this.#inside.has(peer.ino)) continue;
      this.#outside(socket, found, peer);
    }
  }

  #outside({ file, ino }: TreeSocket, found: UnixSocket, peer: UnixSocket): void {
    const { plan } = this.#tree.around;
    const seen = { task: file.task, subject: `fd ${file.fd}` };
    const key = `unix[${ino}]`;
    const listed = argumentsOf(plan, "ext-unix-sk").some((value) => value.split(",").includes(String(ino)));
    const excepted = listed || isExternal(plan, key);
    const allowed = given(plan, "ext-unix-sk");
    const datagram = peer.type === SOCK_DGRAM;
    const whom = `${nameOf(peer)} outside of the tree`;
    const option = `--external ${key}`;
    if (datagram && peer.name !== null) {
      if (!excepted && !allowed) {
        this.#report.add({
          ...seen,
          rule: "unix-ext-dgram-named",
          reason: `it sends to ${whom}`,
          options: ["--ext-unix-sk", option],
        });
      }
      return this.#report.add({
        ...seen,
        rule: "unix-ext-dgram-named",
        stage: "RESTORE",
        effect: "RISK",
        reason: `${nameOf(peer)} must be there again at the restore, which needs --ext-unix-sk`,
        message: null,
        options: [],
      });
    }
    const rule = datagram ? "unix-ext-dgram-unnamed" : "unix-ext-stream";
    if (!excepted) {
      const second = datagram ? "Can't dump name-less" : "Can't dump half";
      this.#report.add({
        ...seen,
        rule,
        reason: `it is connected to ${whom}`,
        options: [option],
        message: allowed ? second : "External socket",
        values: allowed && !datagram ? [printed(found), printed(peer)] : [],
      });
    }
    this.#report.add({
      ...seen,
      rule,
      stage: "RESTORE",
      effect: "RISK",
      reason:
        "its other end is not in the dump: the restore needs --ext-unix-sk, or --inherit-fd with a new connection",
      message: null,
      options: [],
    });
  }
}

/** Where the file of a bound socket is; null where the kernel does not tell. */
function pathOf(sys: Sys, socket: number): string | null {
  const opened = sys.try("ioctl", socket, SIOCUNIXFILE, 0);
  if (opened < 0) return null;
  using file = new Fd(sys, opened);
  return withoutDeleted(readLink(sys, `/proc/self/fd/${file.number}`));
}

/** As people call it: its path, an abstract name with `@`, or its number. */
function nameOf({ name, ino }: UnixSocket): string {
  if (name === null || name.length === 0) return `the unnamed socket ${ino}`;
  const text = new TextDecoder().decode(name[0] === 0 ? name.subarray(1) : name).replace(/\0+$/, "");
  return name[0] === 0 ? `@${text}` : text;
}

/** As criu's %s prints a name: up to the first NUL. */
function printed({ name }: UnixSocket): string {
  if (name === null) return "(null)";
  const end = name.indexOf(0);
  return new TextDecoder().decode(end < 0 ? name : name.subarray(0, end));
}
