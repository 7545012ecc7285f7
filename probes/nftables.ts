import { SysError } from "../ffi/errno.ts";
import { readBytes } from "../ffi/files.ts";
import { neededLibraries } from "../host/elf.ts";
import { installedCriu } from "./installed_criu.ts";
import { defineProbe, inconclusive, supported, unsupported } from "./probe.ts";

/** criu has about 3 MB. */
const LIMIT = 32 * 1024 * 1024;

export default defineProbe({
  id: "nftables",
  criuName: "nftables",
  title: "nftables support in CRIU",
  category: null,
  subject: "CRIU_BUILD",
  since: null,
  impact: "the nftables rules of a container are not preserved",
  kconfig: [],
  modules: [],
  rights: [],
  mend: "install a CRIU that was built with libnftables",
  references: ["man:criu(8)", "criu:check_nftables_cr"],
  autoloads: [],
  criuFaults: [],
  absentOn: [],
  run(kernel) {
    const criu = installedCriu(kernel);
    if (typeof criu !== "string") return criu;
    try {
      const libraries = neededLibraries(readBytes(kernel.sys, criu, LIMIT));
      if (!libraries) return inconclusive(`${criu} is no ELF program for 64 bits, such as a script that starts criu`);
      if (libraries.length === 0) return inconclusive(`${criu} is linked statically; its libraries cannot be told`);
      const library = libraries.find((name) => name.startsWith("libnftables.so"));
      kernel.sys.note(`DT_NEEDED of ${criu}`, library ?? "no libnftables");
      if (library) return supported();
      return unsupported(`${criu} was built without libnftables`, [{
        cause: "TOOL",
        why: "the installed CRIU was built without libnftables",
        text: "install a CRIU that was built with libnftables",
        command: null,
      }]);
    } catch (error) {
      if (error instanceof SysError) return inconclusive(error.message);
      throw error;
    }
  },
});
