import type { Host } from "./host.ts";

/** The clocks that a restored program goes on with. */
export interface Clocks {
  /** Such as `tsc` or `kvm-clock`; null where the kernel does not tell. */
  readonly source: string | null;
  /** Seconds since boot, CLOCK_BOOTTIME as this time namespace counts; null without /proc/uptime. */
  readonly uptimeSeconds: number | null;
  /** Whether this process's time namespace shifts its clocks; null where the kernel has none. */
  readonly shifted: boolean | null;
}

/** Reads them. */
export function clocks(host: Host): Clocks {
  const uptime = Number.parseFloat(host.read("/proc/uptime") ?? "");
  const offsets = host.read("/proc/self/timens_offsets");
  return {
    source: host.read("/sys/devices/system/clocksource/clocksource0/current_clocksource")?.trim() ?? null,
    uptimeSeconds: Number.isFinite(uptime) ? uptime : null,
    shifted: offsets === undefined ? null : /[1-9]/.test(offsets.replace(/^\w+/gm, "")),
  };
}
