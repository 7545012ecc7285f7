import type { Host } from "./host.ts";

/** The security module whose profiles CRIU dumps and restores. */
export type CriuLsm = "NO_LSM" | "APPARMOR" | "SELINUX";

/** The security modules of the running kernel. */
export interface Lsm {
  /** In the kernel's order; empty where it does not tell, before Linux 4.16 or without securityfs. */
  readonly active: readonly string[];
  readonly criu: CriuLsm;
}

/** Reads them; CRIU asks for AppArmor first, then for SELinux. */
export function lsm(host: Host): Lsm {
  const active = (host.read("/sys/kernel/security/lsm") ?? "").trim();
  return {
    active: active === "" ? [] : active.split(","),
    criu: host.exists("/sys/kernel/security/apparmor")
      ? "APPARMOR"
      : host.exists("/sys/fs/selinux/enforce")
      ? "SELINUX"
      : "NO_LSM",
  };
}

/** Whether an AppArmor profile of that name is loaded; undefined where the list cannot be read. */
export function hasAppArmorProfile(host: Host, name: string): boolean | undefined {
  const text = host.read("/sys/kernel/security/apparmor/profiles");
  // A line is `NAME (enforce)`.
  return text?.split("\n").some((line) => line.replace(/ \(\w+\)$/, "") === name);
}
