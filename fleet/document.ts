import { CRIU_WORDS, OTHER_WORDS } from "../cpu/words.ts";
import { added, exactly, flag, type Infer, list, nullable, number, oneOf, record, text } from "./shape.ts";

/** Goes up when a field changes its meaning or goes away; an added field does not raise it. */
export const REPORT_VERSION = 1;

const word = () => text(/^0x[0-9a-f]{8}$/);
const mask = () => text(/^0x[0-9a-f]{1,16}$/);

const OTHERS = record(
  Object.fromEntries(OTHER_WORDS.map((name) => [name, word()])) as Record<
    typeof OTHER_WORDS[number],
    ReturnType<typeof word>
  >,
);

const CPU = record({
  source: oneOf("CPUID_INSTRUCTION", "CPUID_DEVICE", "PROC_CPUINFO"),
  vendor: oneOf("INTEL", "AMD", "OTHER"),
  family: number(),
  model: number(),
  stepping: number(),
  modelName: text(),
  level: number(),
  compatId: nullable(text(/^[0-9a-f]{12}$/)),
  capabilityWords: list(word()),
  otherWords: OTHERS,
  instructions: list(text()),
  xfeatures: nullable(mask()),
  xcr0: nullable(mask()),
  xsaveSize: nullable(number()),
  xsaveSizeMax: nullable(number()),
  xsaveSizeInUse: nullable(number()),
  signalFrameSize: nullable(number()),
  processorsAlike: nullable(flag()),
}, {
  source: "How the processor was asked; PROC_CPUINFO tells less, and no sizes",
  level: "The level of the x86-64 psABI that holds here: 1 to 4, 0 for none",
  compatId:
    "Equal ids: as far as the processor decides, a dump of one machine runs on the other. Null where something is not known",
  capabilityWords: `CRIU's words, as in cpuinfo.img: ${CRIU_WORDS.join(", ")}`,
  otherWords: "Registers of CPUID that CRIU does not keep",
  instructions: "The names of the bits that decide about instructions in user space, as /proc/cpuinfo spells them",
  xfeatures: "State components as CRIU counts them",
  xcr0: "State components that the kernel has switched on",
  xsaveSize: "Bytes of the xsave area, CPUID 0xD.0 EBX",
  xsaveSizeMax: "Bytes of the xsave area for all components that the processor has, CPUID 0xD.0 ECX",
  xsaveSizeInUse: "Bytes of the xsave area of a task, as ptrace gives it",
  signalFrameSize: "AT_MINSIGSTKSZ: bytes that the kernel needs on a signal stack",
  processorsAlike: "Whether all processors of the machine have the same flags",
});

const LENGTHS = () => nullable(list(number()));

const ARM_CPU = record({
  hwcap: mask(),
  hwcap2: mask(),
  hwcap3: mask(),
  compatId: nullable(text(/^[0-9a-f]{12}$/)),
  instructions: list(text()),
  sveVectorLengths: LENGTHS(),
  sveDefaultVectorLength: nullable(number()),
  smeVectorLengths: LENGTHS(),
  smeDefaultVectorLength: nullable(number()),
  pointerAuthentication: nullable(record({
    address: nullable(text()),
    generic: nullable(text()),
    mask: nullable(mask()),
  })),
  addressBits: nullable(number()),
  signalFrameSize: nullable(number()),
  cores: list(record({ implementer: text(), part: text(), variant: text(), revision: text(), count: number() })),
}, {
  hwcap: "AT_HWCAP, AT_HWCAP2 and AT_HWCAP3: what the kernel tells programs, which is what all cores have",
  compatId: "As that of an x86 processor; null where something is not known",
  instructions: "The names of the bits of hwcap, hwcap2 and hwcap3, as /proc/cpuinfo spells them",
  sveVectorLengths: "Bytes that prctl(PR_SVE_SET_VL) gives; empty without SVE, null where they could not be tried",
  sveDefaultVectorLength: "Of a program that chooses none, in bytes (/proc/sys/abi/sve_default_vector_length)",
  smeVectorLengths: "The same for the streaming mode of SME",
  pointerAuthentication:
    "How pointers are signed: algorithms with their level, and the bits of a pointer that hold the signature; null where the registers that tell it cannot be read",
  addressBits: "Bits of a user's address",
  signalFrameSize: "AT_MINSIGSTKSZ: bytes that the kernel needs on a signal stack",
  cores: "Kinds of cores by the parts of MIDR_EL1",
});

const FINDING = record({
  id: text(),
  criuName: nullable(text()),
  category: nullable(oneOf("REQUIRED", "EXTRA", "EXPERIMENTAL", "OPTIONAL")),
  verdict: oneOf("SUPPORTED", "UNSUPPORTED", "BLOCKED", "INCONCLUSIVE"),
  reason: nullable(text()),
});

const PROCESS = record({
  name: text(),
  tasks: number(),
  dump: oneOf("DUMPABLE", "NEEDS_OPTIONS", "BLOCKED", "UNKNOWN"),
  restore: oneOf("EXPECTED", "STATE_LOST", "AT_RISK", "REFUSED", "UNKNOWN"),
  rules: list(text()),
  options: list(text()),
  features: list(text()),
  namespaces: list(text()),
  highestPid: number(),
  mappings: number(),
  highestCapability: number("any"),
  profile: flag(),
  nvidia: flag(),
  amdgpu: flag(),
}, {
  dump: "What `cready inspect` says of it here",
  rules: "The rules of inspect that speak of it, by their names",
  options: "Options that criu dump needs, without their arguments",
  features: "Features that something in the tree needs",
  namespaces: "Kinds of namespaces that are part of the dump",
  highestPid: "Of all its tasks and threads, as numbered here",
  mappings: "The most that one task has",
  highestCapability: "The number of the highest one that a task has; -1 for none",
  profile: "Whether a task runs under a profile of a security module",
});

const program = { path: text(), version: nullable(text()), fault: nullable(text()) };

/** `cready report`: everything about one machine that decides about a restore. */
export const REPORT = record({
  schemaVersion: exactly(REPORT_VERSION),
  tool: text(),
  madeAt: text(),
  machine: text(),
  architecture: text(),
  kernel: record({
    release: text(),
    pageSize: number(),
    findings: list(FINDING),
  }, { findings: "What `cready check --all --json` finds, and the features that are in no category" }),
  privilege: record({
    uid: number("any"),
    capabilities: list(text()),
    seccompFilters: nullable(number()),
    initialUserNamespace: flag(),
    container: nullable(text()),
  }, { capabilities: "The rights with which the report was made: read INCONCLUSIVE and BLOCKED with them beside" }),
  cpu: nullable(CPU),
  armCpu: added(ARM_CPU),
  cgroups: record({ version: oneOf("V1", "V2", "HYBRID", "NONE"), controllers: list(text()) }),
  lsm: record({ active: list(text()), criu: oneOf("NO_LSM", "APPARMOR", "SELINUX") }, {
    criu: "The module whose profiles CRIU dumps and restores here",
  }),
  namespaces: list(record({ kind: text(), limit: nullable(number()) })),
  clocks: record({ source: nullable(text()), uptimeSeconds: nullable(number("any")), shifted: nullable(flag()) }),
  vdso: nullable(record({ sizeBytes: number(), symbols: list(text()) })),
  sysctls: list(record({ name: text(), value: nullable(text()) })),
  criu: nullable(record({ ...program, plugins: list(text()), configFiles: list(text()) })),
  gpus: record({
    nvidia: nullable(record({ driver: nullable(text()), gpus: number(), cudaCheckpoint: nullable(record(program)) })),
    amdgpu: nullable(record({ driver: nullable(text()) })),
  }),
  process: nullable(PROCESS),
  engines: list(record({
    name: text(),
    path: text(),
    ociVersionMin: nullable(text()),
    ociVersionMax: nullable(text()),
    checkpoint: nullable(flag()),
    version: nullable(text()),
    fault: nullable(text()),
  })),
}, {
  schemaVersion: "An added field does not raise it",
  madeAt: "RFC 3339, UTC",
  machine: "The host name",
  cpu: "Of an x86 machine; null on another one",
  armCpu: "Of an arm64 machine; null on another one, and not there in reports of older versions",
  process: "The tree of `report --pid`: then compare judges what it uses only; null for the machine alone",
  engines: "Container runtimes and what each declares that it was built with; null is no `no`",
  gpus: "Devices whose state only a plugin of CRIU can dump",
});

/** The document of `cready report`. */
export type MachineReport = Infer<typeof REPORT>;
/** Its part about the processor. */
export type ReportedCpu = NonNullable<MachineReport["cpu"]>;

/** The same of an arm64 machine. */
export type ReportedArmCpu = NonNullable<MachineReport["armCpu"]>;

/** Machines with equal ids can exchange dumps, as far as the processor decides; null where it is not known. */
export function compatIdOf({ cpu, armCpu }: Pick<MachineReport, "cpu" | "armCpu">): string | null {
  return cpu?.compatId ?? armCpu?.compatId ?? null;
}

/** The published JSON Schema. */
export function reportSchema(): Record<string, unknown> {
  return {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    $id: `urn:cready:schema:report:${REPORT_VERSION}`,
    title: "cready report",
    ...REPORT.schema,
  };
}
