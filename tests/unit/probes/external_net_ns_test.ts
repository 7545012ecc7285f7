import { PTRACE_SEIZE } from "../../../ffi/uapi.ts";
import external_net_ns from "../../../probes/external_net_ns.ts";
import { probeCases } from "../probe_case.ts";

const environment = { PATH: "/usr/sbin" };
const criu = (output: string, code = 0) => ({
  environment,
  files: { "/usr/sbin/criu": "" },
  programs: { "/usr/sbin/criu": { output, code } },
});

probeCases(external_net_ns, [
  ["criu is 4.2", criu("Version: 4.2.1\n"), "SUPPORTED"],
  ["criu is 3.9", criu("Version: 3.9\nGitID: v3.9\n"), "SUPPORTED"],
  ["criu is 3.10", criu("Version: 3.10\n"), "SUPPORTED"],
  ["criu is 3.8", criu("Version: 3.8.1\n"), "UNSUPPORTED", /less than 3\.9/],
  ["criu cannot start", criu("", 127), "INCONCLUSIVE", /exit code 127/],
  ["criu says something else", criu("criu 4.2\n"), "INCONCLUSIVE", /no version/],
  ["there is no criu", { environment }, "INCONCLUSIVE", /no criu in PATH/],
  ["criu is no program", { environment, files: { "/usr/sbin/criu": "" } }, "INCONCLUSIVE", /execve.*ENOENT/],
  [
    "criu does not end",
    { ...criu("Version: 4.2\n"), resumed: 0x7f, calls: { execve: 0 } },
    "INCONCLUSIVE",
    /no answer/,
  ],
  [
    "no child can be traced",
    { ...criu("Version: 4.2\n"), ptrace: { [PTRACE_SEIZE]: "EPERM" } },
    "INCONCLUSIVE",
    /PTRACE_SEIZE/,
  ],
  [
    "Yama forbids tracing",
    {
      ...criu("Version: 4.2\n"),
      files: { "/usr/sbin/criu": "", "/proc/sys/kernel/yama/ptrace_scope": "3\n" },
      ptrace: { [PTRACE_SEIZE]: "EPERM" },
    },
    "BLOCKED",
    /PTRACE_SEIZE/,
  ],
]);
