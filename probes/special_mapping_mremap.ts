import { SysError } from "../ffi/errno.ts";
import { readText } from "../ffi/files.ts";
import { struct } from "../ffi/struct.ts";
import {
  MAP_ANONYMOUS,
  MAP_PRIVATE,
  MREMAP_FIXED,
  MREMAP_MAYMOVE,
  PROT_NONE,
  SIGSEGV,
  SIGUSR1,
  SIGUSR2,
} from "../ffi/uapi.ts";
import { type Mapping, parseMaps } from "../proc/maps.ts";
import { type Answer, blocked, defineProbe, inconclusive, type Kernel, supported, unsupported } from "./probe.ts";
import { TRACING } from "./rights.ts";

const MAPS = "/proc/self/maps";
/** What the kernel maps by itself and a restore has to move. */
const SPECIAL = ["[vvar]", "[vvar_vclock]", "[vdso]", "[sigpage]"];
const SA_RESTORER = 0x04000000;
const EPERM = 1;
/** What a task dies of that goes on where nothing, or something else, is mapped: SIGILL, SIGBUS, SIGSEGV. */
const LOST = [4, 7, SIGSEGV];
/** The kernel's struct sigaction (asm-generic/signal.h), not libc's. */
const SIGACTION = struct("sigaction", 32, {
  sa_handler: [0, "u64"],
  sa_flags: [8, "u64"],
  sa_restorer: [16, "u64"],
  sa_mask: [24, "u64"],
});

export default defineProbe({
  id: "special_mapping_mremap",
  criuName: null,
  title: "mremap(2) of the vDSO and the kernel's other mappings",
  category: "REQUIRED",
  subject: "KERNEL",
  since: "4.8",
  impact: "no task can be restored: it would die of its first signal, because its vDSO was put where it was before",
  kconfig: [],
  modules: [],
  rights: TRACING,
  mend: "boot Linux 4.8 or newer (arm: 4.13, arm64: 4.14)",
  references: [
    "man:mremap(2)",
    "man:vdso(7)",
    "linux:mm/mmap.c special_mapping_mremap",
    "criu:check_special_mapping_mremap",
  ],
  autoloads: [],
  criuFaults: [],
  absentOn: [],
  run(kernel) {
    const { sys } = kernel;
    const moved = parseMaps(specialLines(readText(sys, MAPS))).filter(({ path }) => SPECIAL.includes(path));
    sys.note(`read(${MAPS})`, moved.map(({ path }) => path).join(" ") || "no mapping of the kernel's own");
    return moved.length === 0 ? withoutVdso(kernel) : move(kernel, moved);
  },
});

/** Without the other lines: a program like this one has hundreds. */
function specialLines(text: string): string {
  return text.split("\n").filter((line) => line.endsWith("]")).join("\n");
}

/** Moves the mappings of a child away and lets it take a signal and return from it. */
function move(kernel: Kernel, mappings: readonly Mapping[]): Answer {
  const { sys, subject } = kernel;
  const action = handler(kernel);
  if (!action) {
    return inconclusive("rt_sigaction() tells no signal handler of this program, so none can be made in a child");
  }
  using child = subject();
  const room = mappings.reduce((sum, { start, end }) => sum + end - start, 0);
  let target = child.sys.mmap(room, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS);
  for (const { start, end, path } of mappings) {
    const call = `mremap(${path}, MREMAP_FIXED)`, size = end - start;
    const at = child.sys.look(call, start, size, size, MREMAP_MAYMOVE | MREMAP_FIXED, target);
    if (at === -EPERM && kernel.host.kconfig.value(SEALED) === "y") return sealed(call);
    if (at < 0) throw new SysError(call, -at);
    if (at !== target) return inconclusive(`${call} answers another address than was asked for`);
    target += size;
  }
  child.sys.call("rt_sigaction", SIGUSR1, action, 0, 8);
  // While SIGUSR1 is handled every signal is blocked, so SIGUSR2 arrives once the child is back from it, and not before.
  sys.call("kill", child.pid, SIGUSR1);
  child.resume();
  child.wait("signal to a child whose vDSO was moved");
  sys.call("kill", child.pid, SIGUSR2);
  child.resume(SIGUSR1);
  const status = child.wait("return from a signal handler after mremap([vdso])");
  if (status.kind === "exited") {
    return inconclusive(`the child exited with ${status.code} instead of handling a signal`);
  }
  sys.note("rt_sigreturn() after mremap", status.signal === SIGUSR2 ? "returned" : `signal ${status.signal}`);
  if (status.signal === SIGUSR2) return supported();
  const reason =
    `a task whose vDSO was moved by mremap() does not return from a signal handler: signal ${status.signal}`;
  return LOST.includes(status.signal) ? unsupported(reason) : inconclusive(reason);
}

/** An action that calls a harmless libc function; where libc names the code to return by, it is taken from another one. */
function handler({ sys }: Kernel): number | undefined {
  const action = SIGACTION.pack(sys.memory);
  sys.call("rt_sigaction", SIGSEGV, 0, action, 8); // the runtime handles it, for stack overflows
  if (SIGACTION.get(sys.memory, action, "sa_handler") <= 1 /* SIG_IGN */) return undefined;
  SIGACTION.set(sys.memory, action, "sa_flags", SIGACTION.get(sys.memory, action, "sa_flags") & SA_RESTORER);
  SIGACTION.set(sys.memory, action, "sa_handler", sys.libc.symbol("abs"));
  SIGACTION.set(sys.memory, action, "sa_mask", 0xffffffffffffffffn);
  return action;
}

const SEALED = "CONFIG_MSEAL_SYSTEM_MAPPINGS";

/** Linux 6.16 and newer may seal them, which takes CONFIG_CHECKPOINT_RESTORE off. */
function sealed(call: string): Answer {
  const why = `${SEALED} is set, so the kernel lets nobody move its mappings`;
  return unsupported(`${call}: EPERM`, [{
    cause: "CONFIG_OFF",
    why,
    text: `boot a kernel built without ${SEALED}`,
    command: null,
  }]);
}

/** Nothing to move: a task that was dumped with a vDSO could not be restored here, and criu says no. */
function withoutVdso({ host }: Kernel): Answer {
  const reason = `read(${MAPS}) shows no vDSO nor any other mapping of the kernel's own`;
  const option = /\bvdso=0\b/.exec(host.read("/proc/cmdline") ?? "")?.[0];
  if (!option) return inconclusive(reason);
  const why = `the kernel was booted with ${option}, so no task has a vDSO, and none that had one can be restored`;
  return blocked(reason, { cause: "BOOT_OPTION", why, text: `boot without ${option}`, command: null });
}
