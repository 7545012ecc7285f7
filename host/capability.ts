/** Capability numbers (linux/capability.h). Only those that a check or a remedy names. */
export const CAPABILITIES = {
  CAP_DAC_OVERRIDE: 1,
  CAP_DAC_READ_SEARCH: 2,
  CAP_FOWNER: 3,
  CAP_NET_ADMIN: 12,
  CAP_NET_RAW: 13,
  CAP_SYS_MODULE: 16,
  CAP_SYS_PTRACE: 19,
  CAP_SYS_ADMIN: 21,
  CAP_SYS_RESOURCE: 24,
  CAP_SYS_TIME: 25,
  CAP_AUDIT_CONTROL: 30,
  CAP_CHECKPOINT_RESTORE: 40,
} as const;

/** A capability by its kernel name. */
export type Capability = keyof typeof CAPABILITIES;

/** All 41 names in the kernel's order, for printing a set. */
const NAMES = (
  "CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID KILL SETGID SETUID SETPCAP LINUX_IMMUTABLE NET_BIND_SERVICE " +
  "NET_BROADCAST NET_ADMIN NET_RAW IPC_LOCK IPC_OWNER SYS_MODULE SYS_RAWIO SYS_CHROOT SYS_PTRACE SYS_PACCT SYS_ADMIN " +
  "SYS_BOOT SYS_NICE SYS_RESOURCE SYS_TIME SYS_TTY_CONFIG MKNOD LEASE AUDIT_WRITE AUDIT_CONTROL SETFCAP MAC_OVERRIDE " +
  "MAC_ADMIN SYSLOG WAKE_ALARM BLOCK_SUSPEND AUDIT_READ PERFMON BPF CHECKPOINT_RESTORE"
).split(" ");

/** The names of the capabilities in a set, in the kernel's order. */
export function capabilityNames(set: bigint): string[] {
  return NAMES.flatMap((name, bit) => set >> BigInt(bit) & 1n ? [`CAP_${name}`] : []);
}

/** Whether a set holds a capability. */
export function holds(set: bigint, capability: Capability): boolean {
  return (set >> BigInt(CAPABILITIES[capability]) & 1n) === 1n;
}
