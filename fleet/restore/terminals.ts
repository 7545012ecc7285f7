import { isTerminal } from "../../ffi/out.ts";
import { TtyType } from "../../proto/gen/images_pb.ts";
import type { Item } from "../item.ts";
import { need, option, type RestoreContext } from "./context.ts";

const UNIX98_SLAVE_FIRST = 136, UNIX98_SLAVE_LAST = 143;
const STDIN = 0;

/** Terminals whose other end is outside of the dump: the restored job gets the one that criu is started on. */
export function judgeTerminals(context: RestoreContext): Item[] {
  const ptys = context.facts.ttys.filter(({ type }) => type === TtyType.PTY);
  const isSlave = (rdev: number) => {
    const major = rdev >>> 8 & 0xfff;
    return major >= UNIX98_SLAVE_FIRST && major <= UNIX98_SLAVE_LAST;
  };
  const masters = new Set(ptys.filter(({ rdev }) => !isSlave(rdev)).map(({ pty }) => pty?.index));
  const orphans = ptys.filter(({ rdev, pty }) => isSlave(rdev) && !masters.has(pty?.index));
  const paths = context.facts.pathOnlyTerminal
    ? [
      need("terminal.path", "O_PATH", null, "blocks", "a terminal is open as a path only, whose owner criu cannot set"),
    ]
    : [];
  if (orphans.length === 0) return paths;
  const items = [...paths, option(context, "--shell-job", "a terminal of the tree has its other end outside of it")];
  if (!isTerminal(context.sys.libc, STDIN)) {
    items.push(
      need(
        "terminal",
        `/dev/pts/${orphans[0]!.pty?.index ?? "?"}`,
        "none",
        "risk",
        "criu gives the job the terminal that it is started on itself, and standard input is none here",
        "start criu restore on a terminal",
      ),
    );
  }
  return items;
}
