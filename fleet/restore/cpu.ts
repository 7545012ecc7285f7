import { hasArmNamed } from "../../cpu/arm_vector.ts";
import { AT } from "../../host/auxv.ts";
import { Machine } from "../../proto/gen/images_pb.ts";
import { comparedArmCpu } from "../arm_vector.ts";
import { compareArmCpus, type ComparedArmCpu } from "../compare_arm.ts";
import { compareCpus } from "../compare_cpu.ts";
import { type Item, same } from "../item.ts";
import { comparedCpu } from "../vector.ts";
import { need, type RestoreContext } from "./context.ts";

const ARCHITECTURES: Readonly<Record<number, string>> = {
  [Machine.X86_64]: "x86_64",
  [Machine.ARM]: "arm",
  [Machine.AARCH64]: "aarch64",
  [Machine.PPC64]: "ppc64",
  [Machine.S390]: "s390x",
  [Machine.MIPS]: "mips",
  [Machine.LOONGARCH64]: "loongarch64",
  [Machine.RISCV64]: "riscv64",
};
/** State components that CRIU dumps and restores; the others, such as those of AMX, are lost. */
const RESTORED = 0x2ffn;

/** Architecture, and the processor: as its report or cpuinfo.img tells, or by the traces that it left in the tasks. */
export function judgeCpu(context: RestoreContext): Item[] {
  const { facts, here, source, mode } = context;
  // Without a single core image nothing is known of it, and that is told elsewhere.
  const was = facts.machine === Machine.UNKNOWN ? here.architecture : ARCHITECTURES[facts.machine] ?? "unknown";
  if (was !== here.architecture) {
    return [
      need(
        "architecture",
        was,
        here.architecture,
        "blocks",
        "a dump is a picture of one architecture's registers and code",
        "restore on the same one",
      ),
    ];
  }
  const items: Item[] = [same("architecture", was)];
  const used = facts.tasks.reduce((all, { xstate }) => all | xstate, 0n);
  if ((used & ~RESTORED) !== 0n) {
    items.push(
      need(
        "cpu.state-lost",
        `0x${(used & ~RESTORED).toString(16)}`,
        null,
        "risk",
        "a task has used registers that CRIU does not dump, such as AMX tiles",
      ),
    );
  }
  if (here.armCpu) {
    const there = comparedArmCpu(here.armCpu);
    if (source?.armCpu) return [...items, ...compareArmCpus(comparedArmCpu(source.armCpu), there, mode)];
    return mode === "none" ? items : [...items, ...byArmTraces(context, there)];
  }
  if (!here.cpu || mode === "none") return items;
  const target = comparedCpu(here.cpu);
  if (source?.cpu) return [...items, ...compareCpus(comparedCpu(source.cpu), target, mode)];
  if (facts.cpu) {
    const image = { vector: facts.cpu, xcr0: null, signalFrameSize: null, processorsAlike: null, partial: false };
    return [...items, ...compareCpus(image, target, mode)];
  }
  return [...items, ...byTraces(context)];
}

/** Without a description of the processor: the kernel told each program its first word and its signal frame at the start. */
function byTraces({ facts, here }: RestoreContext): Item[] {
  const cpu = here.cpu!;
  const has = (name: string) => cpu.instructions.includes(name);
  const used = facts.tasks.reduce((all, { xstate }) => all | xstate, 0n);
  const now = cpu.xcr0 === null ? null : BigInt(cpu.xcr0);
  const items: Item[] = [];
  if (used !== 0n && !has("osxsave") || now !== null && (used & RESTORED & ~now) !== 0n) {
    items.push(
      need(
        "cpu.xfeatures",
        `0x${used.toString(16)}`,
        now === null ? null : `0x${now.toString(16)}`,
        "blocks",
        "a task has used registers that this processor lacks",
        "restore on a processor like the one of the dump",
      ),
    );
  }
  const words = facts.tasks.flatMap(({ auxv }) =>
    auxv.has(AT.HWCAP) ? [Number(auxv.get(AT.HWCAP)! & 0xffffffffn)] : []
  );
  const frames = facts.tasks.flatMap(({ auxv }) => auxv.has(AT.MINSIGSTKSZ) ? [Number(auxv.get(AT.MINSIGSTKSZ))] : []);
  const word = Number(cpu.capabilityWords[0]);
  const otherWord = words.find((one) => one !== word);
  const otherFrame = frames.find((one) => one !== cpu.signalFrameSize);
  const remedy =
    "compare with the report of that machine too: cready compare --images DUMP SOURCE.json; or dump with criu --cpu-cap=ins; --cpu none where it was dumped on this machine";
  if (otherWord !== undefined || (otherFrame !== undefined && cpu.signalFrameSize !== null)) {
    items.push(
      need(
        "cpu.traces",
        `AT_HWCAP 0x${(otherWord ?? word).toString(16)}, signal frame ${otherFrame ?? cpu.signalFrameSize}`,
        `AT_HWCAP 0x${word.toString(16)}, signal frame ${cpu.signalFrameSize}`,
        "risk",
        "it was dumped on another processor, and nothing in it says what that one had: programs may die by SIGILL",
        remedy,
      ),
    );
  } else if (items.length === 0) {
    const known = words.length > 0 && frames.length > 0;
    const reason = known
      ? "nothing in the dump describes its processor; what the kernel told the programs of it is the same here, which proves little"
      : "nothing in the dump tells of its processor: programs may die by SIGILL";
    items.push(need("cpu.traces", known ? "like this one's" : null, null, "risk", reason, remedy));
  }
  return items;
}

/** An arm64 kernel tells each program at its start all that it may use, but for lengths of vectors and how pointers are signed. */
function byArmTraces({ facts, mode }: RestoreContext, target: ComparedArmCpu): Item[] {
  const remedy =
    "compare with the report of that machine too: cready compare --images DUMP SOURCE.json; or --cpu none where it was dumped on this machine";
  const told = facts.tasks.map(({ auxv }) => auxv).filter((auxv) => auxv.has(AT.HWCAP));
  if (told.length === 0) {
    const reason = "nothing in the dump tells of its processor: programs may die by SIGILL";
    return [need("cpu.traces", null, null, "risk", reason, remedy)];
  }
  const all = (type: number) => told.reduce((bits, auxv) => bits | (auxv.get(type) ?? 0n), 0n);
  const words = { hwcap: all(AT.HWCAP), hwcap2: all(AT.HWCAP2), hwcap3: all(AT.HWCAP3) };
  const frames = told.flatMap((auxv) => auxv.has(AT.MINSIGSTKSZ) ? [Number(auxv.get(AT.MINSIGSTKSZ))] : []);
  // What is not told is taken to be as here, and said to be so.
  const source = {
    vector: { ...target.vector, words },
    addressBits: target.addressBits,
    signalFrameSize: frames.length > 0 ? Math.min(...frames) : target.signalFrameSize,
  };
  const items = compareArmCpus(source, target, mode);
  const untold = ["sve", "sme", "paca"].filter((name) => hasArmNamed({ words }, name));
  if (mode === "safe" && untold.length > 0) {
    const reason = "the dump does not tell how long vectors were or how pointers were signed there";
    items.push(need("cpu.traces", untold.join(", "), null, "risk", reason, remedy));
  }
  return items;
}
