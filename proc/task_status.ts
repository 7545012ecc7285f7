import { ProcParseError } from "./error.ts";

/** /proc/PID/status or /proc/PID/task/TID/status (proc_pid_status(5)), as far as an inspection needs it. */
export interface TaskStatus {
  /** The name as the kernel escapes it: `\n` and `\\`. */
  readonly name: string;
  /** R, S, D, T (stopped), t (traced), Z, X, I or another letter. */
  readonly state: string;
  readonly tgid: number;
  readonly pid: number;
  readonly ppid: number;
  readonly tracer: number;
  /** Real, effective, saved and file system ids, as the reader's user namespace has them. */
  readonly uids: readonly number[];
  readonly gids: readonly number[];
  readonly groups: readonly number[];
  /** Ids in each pid namespace from the reader's down to its own; empty before Linux 4.1. */
  readonly nsPids: readonly number[];
  readonly nsPgids: readonly number[];
  readonly nsSids: readonly number[];
  readonly threads: number;
  /** Pending signals of the thread and of the process, bit 0 for signal 1. */
  readonly sigPnd: bigint;
  readonly shdPnd: bigint;
  readonly sigBlk: bigint;
  readonly capInh: bigint;
  readonly capPrm: bigint;
  readonly capEff: bigint;
  readonly capBnd: bigint;
  readonly capAmb: bigint;
  /** 0 none, 1 strict, 2 filter; null on a kernel without CONFIG_SECCOMP. */
  readonly seccomp: number | null;
  readonly seccompFilters: number | null;
  readonly noNewPrivs: boolean;
  readonly coreDumping: boolean;
  readonly kthread: boolean;
  readonly cpusAllowedList: string;
  readonly memsAllowedList: string;
  readonly speculationStoreBypass: string;
  readonly speculationIndirectBranch: string;
  /** Of x86, such as `shstk`; empty for none. */
  readonly threadFeatures: readonly string[];
}

/** Parses the text of a status file; a kernel thread and a zombie have fewer lines. Throws `ProcParseError`. */
export function parseTaskStatus(text: string): TaskStatus {
  const lines = new Map<string, string>();
  for (let at = 0; at < text.length;) {
    const end = text.indexOf("\n", at) < 0 ? text.length : text.indexOf("\n", at);
    const colon = text.indexOf(":", at);
    if (colon > at && colon < end) {
      const key = text.slice(at, colon);
      // The name comes first and is whatever the program likes; what follows is the kernel's.
      if (!lines.has(key)) {
        lines.set(key, key === "Name" ? text.slice(colon + 2, end) : text.slice(colon + 1, end).trim());
      }
    }
    at = end + 1;
  }
  const word = (name: string): string => lines.get(name) ?? "";
  const must = (name: string): number => {
    const value = word(name);
    if (!/^\d+$/.test(value)) throw new ProcParseError("status", `${name} is ${JSON.stringify(value)}, no number`);
    return Number(value);
  };
  const numbers = (name: string): number[] => {
    const value = word(name);
    if (value === "") return [];
    const words = value.split(/\s+/);
    if (!words.every((one) => /^\d+$/.test(one))) throw new ProcParseError("status", `${name} holds no numbers`);
    return words.map(Number);
  };
  const mask = (name: string): bigint => (/^[0-9a-f]{1,16}$/i.test(word(name)) ? BigInt(`0x${word(name)}`) : 0n);
  const optional = (name: string): number | null => (/^\d+$/.test(word(name)) ? Number(word(name)) : null);
  const state = word("State")[0];
  if (state === undefined) throw new ProcParseError("status", "there is no State");
  const uids = numbers("Uid"), gids = numbers("Gid");
  if (uids.length !== 4 || gids.length !== 4) {
    throw new ProcParseError("status", "Uid and Gid are not four numbers each");
  }
  return {
    name: word("Name"),
    state,
    tgid: must("Tgid"),
    pid: must("Pid"),
    ppid: must("PPid"),
    tracer: must("TracerPid"),
    uids,
    gids,
    groups: numbers("Groups"),
    nsPids: numbers("NSpid"),
    nsPgids: numbers("NSpgid"),
    nsSids: numbers("NSsid"),
    threads: must("Threads"),
    sigPnd: mask("SigPnd"),
    shdPnd: mask("ShdPnd"),
    sigBlk: mask("SigBlk"),
    capInh: mask("CapInh"),
    capPrm: mask("CapPrm"),
    capEff: mask("CapEff"),
    capBnd: mask("CapBnd"),
    capAmb: mask("CapAmb"),
    seccomp: optional("Seccomp"),
    seccompFilters: optional("Seccomp_filters"),
    noNewPrivs: word("NoNewPrivs") === "1",
    coreDumping: word("CoreDumping") === "1",
    kthread: word("Kthread") === "1",
    cpusAllowedList: word("Cpus_allowed_list"),
    memsAllowedList: word("Mems_allowed_list"),
    speculationStoreBypass: word("Speculation_Store_Bypass"),
    speculationIndirectBranch: word("SpeculationIndirectBranch"),
    threadFeatures: word("x86_Thread_features").split(/\s+/).filter((one) => one !== ""),
  };
}
