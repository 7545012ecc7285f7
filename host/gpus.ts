import type { Sys } from "../ffi/sys.ts";
import { askVersion, type Program } from "./criu.ts";
import type { Host } from "./host.ts";

/** Devices whose state only a plugin of CRIU can dump. */
export interface Gpus {
  /** The NVIDIA driver; null where it is not loaded. `cudaCheckpoint` is the tool that CRIU's plugin calls. */
  readonly nvidia:
    | { readonly driver: string | null; readonly gpus: number; readonly cudaCheckpoint: Program | null }
    | null;
  /** AMD's compute driver, which CRIU's amdgpu plugin talks to; null where it is not there. */
  readonly amdgpu: { readonly driver: string | null } | null;
}

/** Looks for the two kinds of device that CRIU has plugins for. */
export function gpus(sys: Sys, host: Host): Gpus {
  const version = host.read("/proc/driver/nvidia/version");
  return {
    nvidia: version === undefined ? null : {
      driver: nvidiaDriver(version),
      gpus: host.names("/proc/driver/nvidia/gpus")?.length ?? 0,
      cudaCheckpoint: askVersion(sys, "cuda-checkpoint", ["--help"], /[Vv]ersion:? (\d[\w.]*)/),
    },
    amdgpu: host.exists("/dev/kfd") ? { driver: host.read("/sys/module/amdgpu/version")?.trim() ?? null } : null,
  };
}

/** The driver's version in /proc/driver/nvidia/version, such as 570.86.15. */
export function nvidiaDriver(text: string): string | null {
  return /^NVRM version:.*?(\d+(?:\.\d+)+)\s/m.exec(text)?.[1] ?? null;
}
