/** What manual pages have beside what `--help` says: one entry a page, by the command's name; `cready` is the main one. */
export interface ManSections {
  /** What it does, in a few words, and a command line; each is run by tests/man. */
  readonly examples?: readonly (readonly [text: string, command: string])[];
  readonly files?: readonly (readonly [path: string, text: string])[];
  readonly environment?: readonly (readonly [name: string, text: string])[];
  /** Pages of others, such as `criu(8)`. */
  readonly seeAlso?: readonly string[];
}

const PATH = [
  "PATH",
  "where criu and the tools that it calls are looked for; relative folders in it are passed over",
] as const;

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
      ],
    ],
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
    files: [["/run/cready/criu.sock", "the socket, where --address names no other"]],
    environment: [PATH],
    seeAlso: ["criu(8)", "unix(7)"],
  },
  swrk: { environment: [PATH], seeAlso: ["criu(8)"] },
  completion: {
    examples: [
      ["For this bash:", 'eval "$(cready completion bash)"'],
      ["Read by zsh:", "cready completion zsh >/dev/null"],
    ],
    seeAlso: ["bash(1)", "zshcompsys(1)", "fish(1)"],
  },
};
