import { ProcParseError } from "./error.ts";
import { parseStat } from "./stat.ts";

/** /proc/PID/stat (proc_pid_stat(5)), as far as an inspection needs it. */
export interface TaskStat {
  readonly pid: number;
  /** Without any escapes: it may hold newlines. */
  readonly comm: string;
  readonly state: string;
  readonly ppid: number;
  readonly pgrp: number;
  /** 0 where the session's leader is not in the reader's pid namespace. */
  readonly session: number;
  /** Device number of the controlling terminal (new_encode_dev); 0 for none. */
  readonly ttyNr: number;
  /** -1 without a controlling terminal. */
  readonly tpgid: number;
  readonly flags: number;
  readonly priority: number;
  readonly nice: number;
  readonly threads: number;
  /** Clock ticks after boot, decimal. */
  readonly start: string;
  readonly startCode: string;
  readonly realtimePriority: number;
  /** SCHED_* (sched(7)). */
  readonly policy: number;
  readonly exitCode: number;
}

/** PF_KTHREAD (linux/sched.h) in `flags`. */
export const PF_KTHREAD = 0x00200000;

const NUMBER = /^-?\d+$/;

/** Parses the line of /proc/PID/stat. Throws `ProcParseError`. */
export function parseTaskStat(text: string): TaskStat {
  const fields = parseStat(text);
  if (fields.length < 44) throw new ProcParseError("stat", `44 fields and more, there are ${fields.length}`);
  const word = (number: number): string => {
    const value = fields[number - 1]!;
    if (!NUMBER.test(value)) throw new ProcParseError("stat", `field ${number} is ${JSON.stringify(value)}`);
    return value;
  };
  const at = (number: number): number => Number(word(number));
  return {
    pid: at(1),
    comm: fields[1]!,
    state: fields[2]!,
    ppid: at(4),
    pgrp: at(5),
    session: at(6),
    ttyNr: at(7),
    tpgid: at(8),
    flags: at(9),
    priority: at(18),
    nice: at(19),
    threads: at(20),
    start: word(22),
    startCode: word(26),
    realtimePriority: at(40),
    policy: at(41),
    exitCode: fields.length >= 52 ? at(52) : 0,
  };
}
