import { cgroups } from "../host/cgroups.ts";
import { AT, auxv } from "../host/auxv.ts";
import { clocks } from "../host/clocks.ts";
import { readArmCpu } from "../host/arm_cpu.ts";
import { readCpu } from "../host/cpu.ts";
import { installedCriu } from "../host/criu.ts";
import { engines } from "../host/engines.ts";
import { gpus } from "../host/gpus.ts";
import { lsm } from "../host/lsm.ts";
import { namespaces } from "../host/namespaces.ts";
import { privilegeOf } from "../host/privilege.ts";
import { sysctls } from "../host/sysctls.ts";
import { vdso } from "../host/vdso.ts";
import { PROBES } from "../probes/registry.ts";
import type { Runner } from "../probes/run.ts";
import { VERSION } from "../version.ts";
import { type MachineReport, REPORT_VERSION } from "./document.ts";
import { TEXT_LIMIT } from "./shape.ts";
import { reportedArmCpu } from "./arm_vector.ts";
import { reportedCpu } from "./vector.ts";

/**
 * Looks at this machine; the kernel is asked with the rights of this process. `found` is called after each feature, for
 * whoever waits.
 */
export async function machineReport(runner: Runner, found: () => void = () => {}): Promise<MachineReport> {
  const { host, sys } = runner;
  const findings = PROBES.filter((probe) => probe.appliesHere?.(host) ?? true).map((probe) => {
    const { verdict, reason } = runner.probe(probe);
    const { id, criuName, category } = probe;
    found();
    return { id, criuName, category, verdict, reason: reason && reason.slice(0, TEXT_LIMIT) };
  });
  const cpu = readCpu(sys, host);
  const armCpu = readArmCpu(sys, host);
  return {
    schemaVersion: REPORT_VERSION,
    tool: `cready ${VERSION}`,
    madeAt: new Date().toISOString(),
    machine: host.sysctl("kernel/hostname") ?? "",
    architecture: host.architecture,
    kernel: { release: host.release, pageSize: Number(auxv(host).get(AT.PAGESZ) ?? 0n), findings },
    privilege: privilegeOf(host),
    cpu: cpu && await reportedCpu(cpu),
    armCpu: armCpu && await reportedArmCpu(armCpu),
    cgroups: cgroups(host),
    lsm: lsm(host),
    namespaces: namespaces(host),
    clocks: clocks(host),
    vdso: vdso(sys, host),
    sysctls: sysctls(host),
    criu: installedCriu(sys, host),
    gpus: gpus(sys, host),
    process: null,
    engines: engines(sys),
  };
}
