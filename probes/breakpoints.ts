import { SIGTRAP } from "../ffi/uapi.ts";
import { defineProbe, inconclusive, supported, unsupported } from "./probe.ts";
import { TRACING } from "./rights.ts";

/** With what the child ends that was not stopped. */
const RAN_ON = 42;

// linux/perf_event.h
const PERF_ATTR_SIZE_VER0 = 64;
const PERF_TYPE_SOFTWARE = 1;
const PERF_COUNT_SW_DUMMY = 9;
const EXCLUDE_KERNEL_AND_HYPERVISOR = 0x60;
const PERF_FLAG_FD_CLOEXEC = 8;

export default defineProbe({
  id: "breakpoints",
  criuName: "breakpoints",
  title: "hardware breakpoints",
  category: "OPTIONAL",
  subject: "KERNEL",
  since: "2.6.33",
  impact: "restored tasks take longer to start: each of their system calls is traced up to the last one of CRIU",
  kconfig: ["CONFIG_HAVE_HW_BREAKPOINT", "CONFIG_PERF_EVENTS"],
  modules: [],
  rights: TRACING,
  mend: "run on a processor, or under a hypervisor, whose debug registers work",
  references: ["man:ptrace(2)", "linux:arch/x86/kernel/ptrace.c ptrace_set_debugreg", "criu:kerndat_breakpoints"],
  autoloads: [],
  criuFaults: [],
  absentOn: ["EIO", "EINVAL", "EOPNOTSUPP"],
  /**
   * The machine's first performance event, which a breakpoint is too, waits for an RCU grace period: 5 to 15 ms. An
   * event that counts nothing waits in its place, in a child, while the other checks are made.
   */
  prepare({ sys, subject }) {
    const attributes = sys.memory.alloc(PERF_ATTR_SIZE_VER0);
    sys.memory.setU32(attributes, PERF_TYPE_SOFTWARE);
    sys.memory.setU32(attributes + 4, PERF_ATTR_SIZE_VER0);
    sys.memory.setU64(attributes + 8, PERF_COUNT_SW_DUMMY);
    sys.memory.setU64(attributes + 40, EXCLUDE_KERNEL_AND_HYPERVISOR);
    const child = subject();
    child.begin("perf_event_open", [attributes, 0, -1, -1, PERF_FLAG_FD_CLOEXEC]);
    return child;
  },
  run({ sys, subject }) {
    using child = subject();
    const at = child.callInstruction;
    const text = "the child's next instruction";
    if (!sys.arch.setBreakpoint((...request) => child.ask(...request), sys.memory, at)) {
      return unsupported("this processor has no hardware breakpoints", [NO_REGISTERS]);
    }
    // Where nothing stops it there, the instruction ends it.
    const status = child.launch("exit_group", [RAN_ON], "stop at a hardware breakpoint");
    if (status.kind === "stopped" && status.signal === SIGTRAP && child.instructionPointer() === at) {
      sys.note(`wait4(child), a breakpoint at ${text}`, "stopped there by SIGTRAP");
      return supported();
    }
    if (status.kind === "exited" && status.code === RAN_ON) {
      sys.note(`wait4(child), a breakpoint at ${text}`, "ran past it");
      return unsupported(`a child ran past the hardware breakpoint at ${text}`, [NO_REGISTERS]);
    }
    const what = status.kind === "exited"
      ? `exited with ${status.code}`
      : `was ${status.kind} by signal ${status.signal}`;
    return inconclusive(`a child with a hardware breakpoint at ${text} ${what}`);
  },
});

const NO_REGISTERS = {
  cause: "DEVICE",
  why: "debug registers that do not work, as under a hypervisor that does not virtualise them (AMD SEV)",
  text: "run on a processor, or under a hypervisor, whose debug registers work",
  command: null,
} as const;
