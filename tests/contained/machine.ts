/** What differs from machine to machine, whatever the surroundings. */

function read(path: string): string {
  try {
    return Deno.readTextFileSync(path).trim();
  } catch {
    return "";
  }
}

/**
 * The check that sysctl vm.unprivileged_userfaultfd takes from everybody without CAP_SYS_PTRACE in the initial user
 * namespace; none where it is 1. Since Linux 5.11 it is 0 by default.
 */
export const NO_PTRACE_SYSCTL = read("/proc/sys/vm/unprivileged_userfaultfd") === "1" ? "" : "uffd";

function mode(path: string): number {
  try {
    return Deno.statSync(path).mode ?? 0;
  } catch {
    return 0;
  }
}

/** Whether everybody may open /dev/net/tun: udev makes it so, devtmpfs alone does not. */
export const EVERYBODYS_TUN = (mode("/dev/net/tun") & 0o002) !== 0;

/** All capabilities by number (linux/capability.h). */
export const CAPABILITIES: readonly string[] =
  `CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID KILL SETGID SETUID SETPCAP LINUX_IMMUTABLE NET_BIND_SERVICE
  NET_BROADCAST NET_ADMIN NET_RAW IPC_LOCK IPC_OWNER SYS_MODULE SYS_RAWIO SYS_CHROOT SYS_PTRACE SYS_PACCT SYS_ADMIN
  SYS_BOOT SYS_NICE SYS_RESOURCE SYS_TIME SYS_TTY_CONFIG MKNOD LEASE AUDIT_WRITE AUDIT_CONTROL SETFCAP MAC_OVERRIDE
  MAC_ADMIN SYSLOG WAKE_ALARM BLOCK_SUSPEND AUDIT_READ PERFMON BPF CHECKPOINT_RESTORE`
    .split(/\s+/).map((name) => `CAP_${name}`);

const bounding = BigInt(`0x${/^CapBnd:\s*(\w+)/m.exec(read("/proc/self/status"))?.[1] ?? "0"}`);
/** Those that root can have on this machine. */
export const ROOTS_CAPABILITIES = CAPABILITIES.filter((_, bit) => (bounding >> BigInt(bit) & 1n) === 1n);
