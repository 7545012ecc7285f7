import { decodeBytes, encodeBytes } from "../ffi/bytes.ts";
import { ProcParseError } from "./error.ts";

/** One line of /proc/PID/mountinfo (proc_pid_mountinfo(5)). */
export interface Mount {
  readonly id: number;
  readonly parent: number;
  readonly major: number;
  readonly minor: number;
  /** The path inside the file system that is shown; ends in `//deleted` for one that is gone. */
  readonly root: string;
  readonly point: string;
  readonly options: readonly string[];
  /** Optional fields, such as `shared:1`. */
  readonly tags: readonly string[];
  readonly shared: number | null;
  readonly master: number | null;
  readonly type: string;
  readonly source: string;
  readonly superOptions: string;
}

/** Undoes the kernel's `\040` for the bytes that would break a line up. */
export function unmangle(text: string): string {
  if (!text.includes("\\")) return text;
  const bytes: number[] = [];
  const all = encodeBytes(text);
  for (let at = 0; at < all.length; at++) {
    const octal = all[at] === 0x5c ? String.fromCharCode(...all.subarray(at + 1, at + 4)) : "";
    if (/^[0-3][0-7]{2}$/.test(octal)) {
      bytes.push(parseInt(octal, 8));
      at += 3;
    } else bytes.push(all[at]!);
  }
  return decodeBytes(Uint8Array.from(bytes));
}

/** Parses mountinfo, in its order. Throws `ProcParseError`. */
export function parseMountinfo(text: string): Mount[] {
  return text.split("\n").filter((line) => line !== "").map(parseLine);
}

function parseLine(line: string): Mount {
  const words = line.split(" ");
  const dash = words.indexOf("-", 6);
  const device = /^(\d+):(\d+)$/.exec(words[2] ?? "");
  if (dash < 0 || !device || !/^\d+$/.test(words[0]!) || !/^\d+$/.test(words[1]!)) {
    throw new ProcParseError("mountinfo", `a mount, not ${JSON.stringify(line)}`);
  }
  const tags = words.slice(6, dash);
  const peer = (name: string): number | null => {
    const found = tags.find((tag) => tag.startsWith(`${name}:`));
    return found === undefined ? null : Number(found.slice(name.length + 1));
  };
  return {
    id: Number(words[0]),
    parent: Number(words[1]),
    major: Number(device[1]),
    minor: Number(device[2]),
    root: unmangle(words[3]!),
    point: unmangle(words[4]!),
    options: words[5]!.split(","),
    tags,
    shared: peer("shared"),
    master: peer("master"),
    type: unmangle(words[dash + 1] ?? ""),
    source: unmangle(words[dash + 2] ?? ""),
    superOptions: unmangle(words.slice(dash + 3).join(" ")),
  };
}
