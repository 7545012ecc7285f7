import type { Rule } from "../rules/rule.ts";
import type { RuleId } from "../rules/registry.ts";
import { Catalogue, type Match } from "./catalogue.ts";
import type { Cause, Diagnosis, NamedValue, UnknownLine } from "./diagnosis.ts";
import { type Engine, engineLine, engineOf, isWorth, placement, unquoted } from "./engines.ts";
import { ERRNO_CAUSES, type GeneralCause } from "./general.ts";
import { afterTime, LineSplitter, type MarkedLine, markedLine } from "./lines.ts";
import { CHOICES, type Hints } from "./refine.ts";

/** So many distinct causes, warnings and unknown lines are kept each; more are counted. */
const KEPT = 200;
const SHOWN_BYTES = 1024;
/** So many unix sockets are remembered with their holders. */
const HOLDERS = 10_000;

/** Kinds of things that are found while a task's descriptors are dumped one by one. */
const OF_DESCRIPTORS: ReadonlySet<string> = new Set([
  "fd",
  "file",
  "tty",
  "device",
  "netdev",
  "socket",
  "socket-inet",
  "socket-unix",
  "socket-other",
]);

/** Rules whose message comes with an errno that would say something else by itself. */
const OWN_ERRNO: ReadonlySet<RuleId> = new Set<RuleId>(["attr-rlimit-files", "attr-rlimit-memory"]);

/** A line of criu's log that an engine quotes. */
const QUOTED = /\(\d+\.\d{6}\)\s+(.*?)["'`]?$/s;

let made: Catalogue | undefined;
/** The catalogue, which does not change, is made once. */
const catalogue = () => made ??= new Catalogue();

/** Where criu says which file of options it reads beside what the engine sends. */
const CONFIG_FILE = "Would overwrite RPC settings with values from ";

type Writable<T> = { -readonly [K in keyof T]: T[K] };

/** Reads a log of criu or the text of an engine, bit by bit, and tells what ended it. Memory does not grow with it. */
export class LogReader {
  readonly #catalogue = catalogue();
  readonly #splitter = new LineSplitter();
  readonly #decoder = new TextDecoder();
  readonly #given: Engine | undefined;
  readonly #causes = new Map<string, Writable<Cause>>();
  /** What is a cause only where nothing else is. */
  readonly #weak = new Map<string, Writable<Cause>>();
  readonly #warnings = new Map<string, Writable<Cause>>();
  readonly #unknown = new Map<string, Writable<UnknownLine>>();
  readonly #logFiles = new Set<string>();
  #lines = 0;
  #followUps = 0;
  #left = 0;
  #criu: string | null = null;
  #stage: Diagnosis["stage"] = null;
  #succeeded = false;
  /** Whether criu has begun to dump or restore, and whether it has told how that ended. */
  #begun = false;
  #ended = false;
  #failed = false;
  #rank = Infinity;
  #crun = false;
  #config: string | undefined;
  /** The task and the descriptor that criu was busy with. */
  #pid: string | undefined;
  #fd: string | undefined;
  #path: string | undefined;
  /** The unix sockets of the tree, by the inode of their peer. */
  readonly #holders = new Map<string, { readonly inode: string; readonly text: string }>();
  /** The unix socket outside of the tree that criu looked at last, and the one of the tree that is connected to it. */
  #socket:
    | (NonNullable<Hints["socket"]> & { readonly holder: { inode: string; text: string } | undefined })
    | undefined;

  /** `engine` is what the caller says; otherwise it is taken from the text, or from where the log lies. */
  constructor(engine?: Engine, path = "") {
    this.#given = engine;
    this.#rank = engineLine(path).rank ?? Infinity;
  }

  /** Takes the next bytes. */
  push(bytes: Uint8Array): void {
    this.#splitter.push(bytes, this.#line);
  }

  /** What all of it tells. */
  end(): Diagnosis {
    this.#splitter.end(this.#line);
    // A task that cannot be stopped is told by a warning alone; the error after it names no reason.
    if (this.#causes.size === 0 && this.#failure) this.#promoteWarnings();
    if (this.#causes.size === 0 && this.#unknown.size === 0) {
      for (const [key, cause] of this.#weak) this.#causes.set(key, cause);
    }
    const engine = this.#engine;
    const placed = (cause: Cause): Cause => {
      const option = cause.options[0];
      if (option === undefined) return cause;
      const place = placement(engine ?? "CRIU", option, this.#crun);
      return { ...cause, placement: this.#config === undefined ? place : { ...place, file: this.#config } };
    };
    const causes = [...this.#causes.values()].map(placed);
    return {
      criu: this.#criu,
      engine,
      stage: this.#stage,
      succeeded: this.#succeeded,
      lines: this.#lines,
      causes,
      warnings: [...this.#warnings.values()].map(placed),
      unknown: [...this.#unknown.values()],
      followUps: this.#followUps,
      left: this.#left,
      cut: this.#begun && !this.#ended,
      busyWith: this.#begun && !this.#ended ? this.#busyWith : null,
      logFiles: [...this.#logFiles],
      onlyFailed: this.#failed && causes.length === 0 && this.#unknown.size === 0,
    };
  }

  get #engine(): Engine | null {
    if (this.#given) return this.#given;
    return this.#rank === Infinity ? null : engineOf(this.#rank);
  }

  get #busyWith(): string | null {
    const fd = this.#fd === undefined ? undefined : `fd ${this.#fd}`;
    return [this.#pid, fd, this.#path].filter((part) => part !== undefined).join(" ") || null;
  }

  get #failure(): boolean {
    return !this.#succeeded && (this.#followUps > 0 || this.#failed);
  }

  #promoteWarnings(): void {
    for (const [key, warning] of this.#warnings) {
      if (!warning.id.startsWith("tree-")) continue;
      this.#causes.set(key, warning);
      this.#warnings.delete(key);
    }
  }

  readonly #line = (bytes: Uint8Array): void => {
    this.#lines++;
    const at = afterTime(bytes);
    if (at < 0) {
      if (bytes.length > 0) this.#foreign(this.#decoder.decode(bytes));
      return;
    }
    // Most lines of a log end here: what they say begins with none of these letters.
    switch (bytes[at]) {
      case 0x45: // E
      case 0x57: // W
      case 0x44: // D
      case 0x52: // R
      case 0x50: // P
      case 0x56: // V
      case 0x75: // u
        return this.#own(this.#decoder.decode(bytes.subarray(at)));
      case 0x2d: // the line of dashes that ends a section
        this.#fd = this.#path = undefined;
        return;
      default:
        return this.#numbered(bytes, at);
    }
  };

  /** `4711 fdinfo 8: …`, and at restore `4711: Error (…): …`. */
  #numbered(bytes: Uint8Array, from: number): void {
    let at = from;
    while (bytes[at]! >= 0x30 && bytes[at]! <= 0x39) at++;
    if (at === from) return;
    const isMarked = bytes[at] === 0x3a && (bytes[at + 2] === 0x45 || bytes[at + 2] === 0x57);
    const isDescriptor = bytes[at] === 0x20 && bytes[at + 1] === 0x66;
    if (!isMarked && !isDescriptor) return;
    const text = this.#decoder.decode(bytes.subarray(from));
    if (isMarked) this.#own(text);
    else this.#context(text);
  }

  /** A line of criu's log without its time. */
  #own(text: string): void {
    const marked = /^(?:\d+: )?(?:Error|Warn ) ?\(/.test(text) ? markedLine(text) : undefined;
    if (marked) return this.#marked(marked);
    const version = /^Version: (\d+(?:\.\d+)*)/.exec(text);
    if (version) this.#criu = version[1]!;
    else if (this.#context(text)) return;
    else if (/^(?:Pre-d|D)umping finished successfully/.test(text)) this.#done("DUMP");
    else if (text.startsWith("Restore finished successfully")) this.#done("RESTORE");
    else if (text.startsWith(CONFIG_FILE)) {
      this.#config = text.slice(CONFIG_FILE.length).trim();
      this.#rank = Math.min(this.#rank, engineLine(this.#config).rank ?? Infinity);
      if (this.#config.endsWith("/crun.conf")) this.#crun = true;
    }
  }

  /** Learns from a line which task and descriptor criu is busy with; false for a line that does not tell. */
  #context(text: string): boolean {
    let match: RegExpExecArray | null;
    if ((match = /^(\d+) fdinfo (\d+):/.exec(text))) {
      this.#pid = match[1];
      this.#fd = match[2];
      this.#path = undefined;
    } else if ((match = /^Dumping path for (-?\d+) fd via self \d+ \[(.*)\]$/s.exec(text))) {
      if (match[1] === this.#fd) this.#path = match[2];
    } else if ((match = /^Dumping (?:task|processes|opened files|mm|fds) \(pid: (\d+)/.exec(text))) {
      this.#begun = true;
      this.#pid = match[1];
      this.#fd = this.#path = undefined;
    } else if (
      (match = /^unix: \t(Dumping|Runaway socket|Ext \w.*?): ino (\d+) peer_ino (\d+) .*?type +(\d+) .*? name (.*)$/s
        .exec(text))
    ) {
      const [, what, own = "", peer = "", type, name] = match;
      if (what === "Dumping") {
        if (this.#pid === undefined || this.#fd === undefined || this.#holders.size >= HOLDERS) return true;
        this.#holders.set(peer, { inode: own, text: `${this.#pid} fd ${this.#fd}` });
      } else {
        this.#socket = {
          type: Number(type),
          named: name !== "null" && name !== "(null)",
          holder: this.#holders.get(own),
        };
      }
    } else return false;
    return true;
  }

  #done(stage: "DUMP" | "RESTORE"): void {
    this.#stage = stage;
    this.#succeeded = this.#ended = true;
  }

  /** A line that does not begin with a time: of an engine, of criu's part inside of a task, or of anything. */
  #foreign(raw: string): void {
    if (!isWorth(raw)) return;
    for (const line of unquoted(raw).split("\n")) {
      const marked = markedLine(line);
      const told = engineLine(line);
      if (told.rank !== undefined) this.#rank = Math.min(this.#rank, told.rank);
      if (/\bcrun\b/.test(line)) this.#crun = true;
      if (told.logFile !== undefined && this.#logFiles.size < KEPT) this.#logFiles.add(told.logFile);
      if (told.criuFailed) this.#failed = true;
      if (marked) this.#marked({ ...marked, text: marked.text.replace(/["'`\s]+$/, "") });
      else {
        for (const { cause, text } of told.causes) {
          this.#keep(
            this.#causes,
            `${cause.id}|${text}`,
            () => ({ ...this.#general(cause, "ENGINE", text), subject: null }),
          );
        }
        if (told.causes.length === 0) this.#bare(line);
        this.#context(QUOTED.exec(line)?.[1] ?? "");
      }
    }
  }

  /** What criu writes without any mark, such as its first checks of the caller. */
  #bare(line: string): void {
    const matches = this.#catalogue.find(line).filter(({ entry }) => entry.level === "MSG");
    if (matches.length > 0) this.#matched(matches, line);
  }

  #marked({ level, pid, text }: MarkedLine): void {
    if (pid !== null) this.#pid = String(pid);
    const matches = this.#catalogue.find(text);
    if (level === "WARN") {
      if (matches.length > 0) this.#matched(matches, text);
      return;
    }
    if (/FAILED\.$/.test(text)) this.#ended = true, this.#stage = text.startsWith("Restoring") ? "RESTORE" : "DUMP";
    if (matches.length > 0) return this.#matched(matches, text);
    const cause = errnoCause(text);
    if (cause) return this.#keep(this.#causes, `${cause.id}|${text}`, () => this.#general(cause, "GENERAL", text));
    const known = this.#unknown.get(text);
    if (known) known.times++;
    else if (this.#unknown.size >= KEPT) this.#left++;
    else this.#unknown.set(text, { line: this.#lines, times: 1, text: text.slice(0, SHOWN_BYTES) });
  }

  /** A line that the catalogue knows. */
  #matched(matches: readonly Match[], text: string): void {
    const rules = this.#chosen(matches);
    const follows = matches.some(({ entry }) => entry.meaning.kind === "FOLLOW_UP");
    if (follows) this.#followUps++;
    if (rules.length > 0) {
      const [{ entry, values }] = rules as [Match];
      const rule = ruleOf(rules[0]!);
      const subject = this.#subject(rule, named(entry.pattern.names, values));
      const cause = (): Writable<Cause> => ({
        id: rule.id,
        kind: "RULE",
        also: [...new Set(rules.map((match) => ruleOf(match).id))].filter((id) => id !== rule.id),
        line: this.#lines,
        times: 1,
        message: text.slice(0, SHOWN_BYTES),
        subject,
        values: named(entry.pattern.names, values),
        title: rule.title,
        remedy: rule.remedy,
        options: this.#filled(rule),
        cost: rule.cost,
        placement: null,
      });
      const errno = errnoCause(text);
      if (errno && !follows && !OWN_ERRNO.has(rule.id)) {
        // The errno says more than the rule whose text it stands behind.
        return this.#keep(this.#causes, `${errno.id}|${text}`, () => this.#general(errno, "GENERAL", text));
      }
      const into = entry.level === "WARN"
        ? this.#warnings
        : follows || (rule.effect === "SUPPORTED" && rule.stage === "DUMP")
        ? this.#weak
        : this.#causes;
      return this.#keep(into, `${rule.id}|${subject ?? text}`, cause);
    }
    const general = matches.filter(({ entry }) => entry.meaning.kind === "GENERAL")
      .toSorted((a, b) => literalLength(b) - literalLength(a))[0]?.entry;
    if (general?.meaning.kind !== "GENERAL") return;
    const { cause } = general.meaning;
    const said = errnoCause(text) ?? cause;
    this.#keep(
      general.level === "WARN" ? this.#warnings : follows ? this.#weak : this.#causes,
      `${said.id}|${text}`,
      () => this.#general(said, "GENERAL", text),
    );
  }

  /** The rules that a line can stand for, the likeliest first. */
  #chosen(matches: readonly Match[]): Match[] {
    const all = matches.filter(({ entry }) => entry.meaning.kind === "RULE");
    // Of formats that fit, the one that leaves least open is meant.
    const least = Math.max(...all.map(literalLength));
    const rules = all.filter((match) => literalLength(match) === least);
    const [first] = rules;
    if (!first) return rules;
    const choice = CHOICES[first.entry.pattern.format]?.(first.values, { socket: this.#socket });
    if (choice?.length === 0) return [];
    const able = choice ? rules.filter((match) => choice.includes(ruleOf(match).id)) : rules;
    const chosen = able.length > 0 ? able : rules;
    const order = (match: Match) =>
      (choice?.indexOf(ruleOf(match).id) ?? 0) + (this.#inForce(ruleOf(match)) ? 0 : 1000);
    return chosen.toSorted((a, b) => order(a) - order(b));
  }

  /** Whether the criu that wrote the log has the rule. */
  #inForce({ since, until }: Rule): boolean {
    const version = this.#criu ?? "99";
    if (since !== undefined && compareVersions(version, since) < 0) return false;
    return until === undefined || compareVersions(version, until) < 0;
  }

  /** What a rule's message is about: the numbers that it gives, and those of the task and descriptor in work. */
  #subject(rule: Rule, values: readonly NamedValue[]): string | null {
    const value = (...names: string[]) => values.find(({ name }) => names.includes(name))?.value;
    const ofDescriptor = OF_DESCRIPTORS.has(rule.resource) && rule.stage !== "RESTORE";
    // Where criu is at a descriptor, a pid in the message is another one, such as that behind a pidfd.
    const holder = ofDescriptor && this.#fd !== undefined ? this.#pid : undefined;
    const pid = holder ?? value("pid", "task", "process", "thread") ?? this.#pid;
    if (rule.id.startsWith("unix-ext-") && this.#socket?.holder) return this.#socket.holder.text;
    const file = value("file");
    const number = file !== undefined && /^-?\d+$/.test(file) ? file : undefined;
    const fd = value("fd") ?? number ?? (ofDescriptor ? this.#fd : undefined);
    const path = value("path", "filename") ?? (number === undefined ? file : undefined) ??
      (ofDescriptor ? this.#path : undefined);
    const parts = [pid, fd === undefined || fd.startsWith("-") ? undefined : `fd ${fd}`, path];
    const subject = parts.filter((part) => part !== undefined).join(" ");
    return subject === "" ? null : subject;
  }

  /** A rule's options, with the inode that the log names. */
  #filled({ id, options }: Rule): readonly string[] {
    const holder = this.#socket?.holder;
    if (!id.startsWith("unix-ext-") || !holder) return options;
    return options.map((option) => option.replace("[INODE]", `[${holder.inode}]`));
  }

  #general(cause: Omit<GeneralCause, "messages">, kind: "GENERAL" | "ENGINE", text: string): Writable<Cause> {
    return {
      id: cause.id,
      kind,
      also: [],
      line: this.#lines,
      times: 1,
      message: text.slice(0, SHOWN_BYTES),
      subject: null,
      values: [],
      title: cause.title,
      remedy: cause.remedy,
      options: [],
      cost: null,
      placement: null,
    };
  }

  #keep(into: Map<string, Writable<Cause>>, key: string, cause: () => Writable<Cause>): void {
    const known = into.get(key);
    if (known) known.times++;
    else if (into.size >= KEPT) this.#left++;
    else into.set(key, cause());
  }
}

function ruleOf({ entry }: Match): Rule<RuleId> {
  if (entry.meaning.kind !== "RULE") throw new Error("not a rule's message");
  return entry.meaning.rule;
}

/** How much of a format is fixed. */
function literalLength({ entry }: Match): number {
  return entry.pattern.format.replace(/%\S/g, "").length;
}

function named(names: readonly string[], values: readonly string[]): NamedValue[] {
  return names.map((name, i) => ({ name, value: values[i] ?? "" }));
}

function errnoCause(text: string): GeneralCause | undefined {
  return ERRNO_CAUSES.find(({ errnos }) => errnos.some((errno) => text.endsWith(`: ${errno}`)));
}

/** Compares `4.1.1` with `4.2`. */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [a.split(".").map(Number), b.split(".").map(Number)];
  for (let i = 0; i < Math.max(left.length, right.length); i++) {
    const difference = (left[i] ?? 0) - (right[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
