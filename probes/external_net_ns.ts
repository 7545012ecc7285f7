import { ending, runProgram } from "../ffi/command.ts";
import { SysError } from "../ffi/errno.ts";
import { installedCriu } from "./installed_criu.ts";
import { defineProbe, inconclusive, supported, unsupported } from "./probe.ts";
import { TRACING } from "./rights.ts";

export default defineProbe({
  id: "external_net_ns",
  criuName: "external_net_ns",
  title: "external network namespaces in CRIU",
  category: null,
  subject: "CRIU_BUILD",
  since: null,
  impact: "a container cannot be restored into a network namespace that was made beforehand",
  kconfig: [],
  modules: [],
  rights: TRACING,
  mend: "install CRIU 3.9 or newer",
  references: ["man:criu(8)", "criu:check_external_net_ns"],
  autoloads: [],
  criuFaults: [],
  absentOn: [],
  slow: "it runs criu --version, where criu is installed",
  run(kernel) {
    const criu = installedCriu(kernel);
    if (typeof criu !== "string") return criu;
    const call = `${criu} --version`;
    try {
      const { output, status } = runProgram(kernel.sys, criu, ["--version"]);
      const version = /^Version: (\d+)\.(\d+)[\w.-]*$/m.exec(output);
      if (!version) return inconclusive(`${call} tells no version and ends with ${ending(status)}`);
      kernel.sys.note(call, version[0]);
      const [major, minor] = [Number(version[1]), Number(version[2])];
      if (major > 3 || (major === 3 && minor >= 9)) return supported();
      return unsupported(`${call} tells ${version[0]}, less than 3.9`, [{
        cause: "TOOL",
        why: "the installed CRIU is too old",
        text: "install CRIU 3.9 or newer",
        command: null,
      }]);
    } catch (error) {
      // Whatever its errno, it says something of that program, nothing of the kernel.
      if (error instanceof SysError && error.call.startsWith("execve(")) return inconclusive(error.message);
      throw error;
    }
  },
});
