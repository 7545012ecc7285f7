import { struct } from "../ffi/struct.ts";
import { PTRACE_GET_RSEQ_CONFIGURATION } from "../ffi/uapi.ts";
import { defineProbe, lacking, supported } from "./probe.ts";
import { TRACING } from "./rights.ts";

const CONFIGURATION = struct("ptrace_rseq_configuration", 24, {
  rseq_abi_pointer: [0, "u64"],
  rseq_abi_size: [8, "u32"],
  signature: [12, "u32"],
  flags: [16, "u32"],
});

export default defineProbe({
  id: "get_rseq_conf",
  criuName: "get_rseq_conf",
  title: "PTRACE_GET_RSEQ_CONFIGURATION",
  category: "EXTRA",
  subject: "KERNEL",
  since: "5.13",
  impact: "processes that use restartable sequences, as all do with glibc 2.35 or newer, cannot be dumped safely",
  kconfig: ["CONFIG_RSEQ"],
  modules: [],
  rights: TRACING,
  mend: "boot Linux 5.13 or newer built with CONFIG_RSEQ=y",
  references: ["man:ptrace(2)", "linux:kernel/ptrace.c", "criu:kerndat_has_ptrace_get_rseq_conf"],
  autoloads: [],
  criuFaults: [],
  absentOn: ["EIO"],
  run({ sys, host, subject }) {
    const { memory } = sys;
    const at = CONFIGURATION.pack(memory, { flags: 0xffffffff });
    using child = subject();
    const text = "PTRACE_GET_RSEQ_CONFIGURATION, child, 24";
    const size = child.ask(text, PTRACE_GET_RSEQ_CONFIGURATION, CONFIGURATION.size, at);
    const flags = CONFIGURATION.get(memory, at, "flags");
    // CRIU knows this size and no flags; what a newer kernel might say otherwise it cannot use.
    if (size === CONFIGURATION.size && flags === 0) return supported();
    return lacking(
      host,
      `ptrace(${text}) gives ${size} bytes and flags ${flags}; CRIU knows 24 bytes and flags 0 only`,
    );
  },
});
