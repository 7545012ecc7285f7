import nftables from "../../../probes/nftables.ts";
import { elf } from "../elf.ts";
import { probeCases } from "../probe_case.ts";

const environment = { PATH: "/usr/sbin" };
const criu = (content: Uint8Array | string) => ({ environment, files: { "/usr/sbin/criu": content } });

probeCases(nftables, [
  ["criu needs libnftables", criu(elf(["libc.so.6", "libnftables.so.1"])), "SUPPORTED"],
  ["criu needs it not", criu(elf(["libc.so.6", "libnftnl.so.11"])), "UNSUPPORTED", /without libnftables/],
  ["criu is static", criu(elf([])), "INCONCLUSIVE", /statically/],
  ["criu is a script", criu("#!/bin/sh\nexec criu libnftables.so.1\n"), "INCONCLUSIVE", /no ELF/],
  ["criu is cut off", criu(elf(["libnftables.so.1"]).subarray(0, 200)), "INCONCLUSIVE", /no ELF/],
  ["criu may not be read", criu("!EACCES"), "INCONCLUSIVE", /EACCES/],
  ["there is no criu", { environment }, "INCONCLUSIVE", /no criu in PATH/],
]);
