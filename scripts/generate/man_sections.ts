/** What manual pages have beside what `--help` says: one entry a page, by the command's name; `cready` is the main one. */
export interface ManSections {
  readonly examples?: readonly ManExample[];
  readonly files?: readonly (readonly [path: string, text: string])[];
  readonly environment?: readonly (readonly [name: string, text: string])[];
  /** Pages of others, such as `criu(8)`. */
  readonly seeAlso?: readonly string[];
}

/**
 * What it does, in a few words, and what to type, one command a line; tests/docs runs each. `codes` are the exit codes
 * that are right, 0 and 1 unless said: that something is missing here is an answer. `prints` is what is seen, with `…` for
 * any text, anything unless said; of several commands it is that of the last one, and `starts` that of the first.
 */
export type ManExample = readonly [
  text: string,
  command: string,
  expected?: {
    readonly codes?: readonly number[];
    readonly prints?: readonly string[];
    readonly starts?: readonly string[];
  },
];

const PATH = [
  "PATH",
  "where criu and the tools that it calls are looked for; relative folders in it are passed over",
] as const;

const CLIENT = "import socket; s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET); ";

export const MAN_SECTIONS: Readonly<Record<string, ManSections>> = {
  cready: {
    examples: [
      ["Can this machine do what every dump and restore needs?", "cready check"],
      ["Everything, one row a check:", "cready check --all --table"],
      ["Why is one feature missing, and what mends it?", "cready explain mem_dirty_track"],
    ],
    environment: [
      PATH,
      ["NO_COLOR", "if it is set and not empty, nothing is coloured"],
      ["TERM", "dumb: neither colour nor a line of progress"],
    ],
    seeAlso: ["criu(8)"],
  },
  check: {
    examples: [
      ["In a script:", "cready check --quiet && echo ready"],
      ["One feature:", "cready check --feature mem_dirty_track"],
      ["The whole report, for a program:", "cready check --all --json"],
      ["With causes and remedies, in a pipe too:", "cready check --all --remedies 2>&1 | cat"],
    ],
    files: [
      ["/run/criu.kdat", "criu's own cache; cready neither reads nor writes it, and says where it is there (--criu)"],
    ],
    environment: [PATH],
    seeAlso: ["criu(8)", "capabilities(7)", "seccomp(2)"],
  },
  explain: {
    examples: [
      ["A feature, by criu's name:", "cready explain uffd-noncoop"],
      ["A kernel option:", "cready explain CONFIG_USERFAULTFD"],
    ],
    seeAlso: ["criu(8)"],
  },
  inspect: {
    examples: [
      [
        "A program in a session of its own, without a terminal:",
        "setsid sleep 1000 </dev/null >/dev/null 2>&1 &\ncready inspect --name sleep",
        { codes: [0], prints: ["… sleep   1 task, 1 thread, uid 0", "", "Can be dumped", "…"] },
      ],
      [
        "One that holds a lock needs an option, which is named; the exit code is 3:",
        "setsid flock ledger.db sleep 1000 </dev/null >/dev/null 2>&1 &\ncready inspect --name flock",
        { codes: [3], prints: ["…", "Can be dumped with --file-locks", "…"] },
      ],
      ["Every tree of the host, worst first:", "cready inspect --all", { codes: [0, 1, 3, 4] }],
    ],
    files: [
      ["/etc/criu/default.conf", "options of every criu, which count for the verdict"],
      ["/etc/criu/runc.conf, /etc/criu/crun.conf", "the same with --engine"],
    ],
    environment: [PATH],
    seeAlso: ["cready-why(1)", "criu(8)"],
  },
  why: {
    examples: [
      [
        "What an engine said, without a file:",
        "echo 'criu failed: type NOTIFY errno 0 path= /run/criu-dump.log: unknown' | cready why -",
      ],
      [
        "A single line of a log, and where its option goes for CRI-O:",
        "echo '(00.1) Error (criu/file-lock.c:1): Some file locks are hold by dumping tasks! You can try --file-locks to dump them.' | cready why --engine cri-o -",
      ],
    ],
    files: [
      ["dump.log, restore.log", "criu's logs, in the folder of -W or -D, or where the engine puts them"],
      ["/etc/criu/runc.conf, /etc/criu/crun.conf", "options of a criu that runc or crun starts; shown, never written"],
    ],
    seeAlso: ["criu(8)", "runc(8)", "podman-container-checkpoint(1)"],
  },
  report: {
    examples: [["Everything about this machine, for another one to compare with:", "cready report >/dev/null"]],
    files: [
      ["/dev/cpu/0/cpuid", "read where the CPUID instruction cannot be executed; the field source says so"],
    ],
    environment: [PATH],
    seeAlso: ["cready-compare(1)", "criu(8)"],
  },
  compare: {
    examples: [["Is this machine like itself?", "cready report | cready compare --cpu safe - || test $? = 3"]],
    environment: [PATH],
    seeAlso: ["cready-report(1)", "criu(8)"],
  },
  export: {
    examples: [
      ["What a scrape would see:", "cready export prometheus"],
      ["What Node Feature Discovery would see:", "cready export nfd"],
    ],
    files: [
      ["/var/lib/prometheus/node-exporter/", "where Debian's node_exporter looks for *.prom files"],
      ["/etc/kubernetes/node-feature-discovery/features.d/", "where Node Feature Discovery looks for feature files"],
    ],
    environment: [PATH],
    seeAlso: ["cready-report(1)"],
  },
  query: {
    examples: [
      [
        "What is not there, and why:",
        "cready query '{ check(scope: ALL) { findings(verdict: UNSUPPORTED) { reason } } }'",
        { codes: [0], prints: ['{"data":{"check":{"findings":[…]}}}'] },
      ],
    ],
    seeAlso: ["cready-serve(1)", "cready-schema(1)"],
  },
  serve: {
    examples: [
      [
        "A server, and a question:",
        "cready serve --socket ./cready.sock >requests.log &\n" +
        "cready query --connect unix:./cready.sock '{ check { sentence } }'",
        { codes: [0], prints: ['{"data":{"check":{"sentence":"…"}}}'], starts: ["cready serve: listening on …"] },
      ],
    ],
    files: [
      ["/run/cready/cready.sock", "the socket of root's server"],
      ["$XDG_RUNTIME_DIR/cready/cready.sock", "that of everybody else's"],
    ],
    environment: [["XDG_RUNTIME_DIR", "the folder for the socket of others than root"]],
    seeAlso: ["cready-query(1)", "cready-schema(1)"],
  },
  schema: {
    examples: [["Into a file:", "cready schema >/dev/null"]],
  },
  doctor: {
    examples: [
      ["The criu that engines would find:", "cready doctor"],
      ["For a program:", "cready doctor --json"],
    ],
    files: [
      ["/etc/criu/default.conf", "options of every criu"],
      ["/etc/criu/runc.conf", "options of a criu that runc starts, and crun where it has none of its own"],
      ["/etc/criu/crun.conf", "options of a criu that crun starts"],
      ["/usr/lib/criu", "plugins, unless criu was built with another folder or CRIU_LIBS_DIR names one"],
    ],
    environment: [
      PATH,
      ["HOME, CRIU_CONFIG_FILE, CRIU_LIBS_DIR", "as criu uses them: whose configuration file and plugins are shown"],
    ],
    seeAlso: ["criu(8)", "runc(8)", "podman-container-checkpoint(1)"],
  },
  service: {
    examples: [
      [
        "A service, and a client that sends CHECK (3) as CRIU's libraries do:",
        "cready service --address ./criu.sock &\n" +
        `python3 -c '${CLIENT}s.connect("./criu.sock"); s.send(b"\\x08\\x03"); print(s.recv(4096))'`,
        { codes: [0], prints: ["…", "b'\\x08\\x03\\x10…", "…"], starts: ['{…"event":"listening"…}'] },
      ],
    ],
    files: [["/run/cready/criu.sock", "the socket, where --address names no other"]],
    environment: [PATH],
    seeAlso: ["criu(8)", "unix(7)"],
  },
  swrk: {
    examples: [
      [
        "As CRIU's libraries start it; CHECK (3) is asked:",
        `python3 -c 'import socket, subprocess\n` +
        "ours, its = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)\n" +
        `subprocess.Popen(["cready", "swrk", str(its.fileno())], pass_fds=[its.fileno()])\n` +
        `ours.send(b"\\x08\\x03"); print(ours.recv(4096))'`,
        { codes: [0], prints: ["b'\\x08\\x03\\x10…"] },
      ],
    ],
    environment: [PATH],
    seeAlso: ["criu(8)"],
  },
  completion: {
    examples: [
      ["For this bash:", 'eval "$(cready completion bash)"'],
      ["Read by zsh:", "cready completion zsh >/dev/null"],
    ],
    seeAlso: ["bash(1)", "zshcompsys(1)", "fish(1)"],
  },
};
